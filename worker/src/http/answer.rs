//! What is answered: JSON or text, and refusals in one shape.

use edgesiem::administer::{self, RefusalKind};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use wasm_bindgen::JsValue;
use web_sys::{Headers, Response, ResponseInit};

/// A request that is not done, and what whoever asked should do.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Refusal {
    pub(crate) status: u16,
    /// Stable name.
    pub(crate) code: String,
    pub(crate) message: String,
    pub(crate) user_action: String,
    /// For 405: the methods that there are.
    #[serde(default)]
    pub(crate) allow: Option<String>,
}

impl Refusal {
    pub(crate) fn new(
        status: u16,
        code: &str,
        message: impl Into<String>,
        user_action: impl Into<String>,
    ) -> Self {
        Self {
            status,
            code: code.to_owned(),
            message: message.into(),
            user_action: user_action.into(),
            allow: None,
        }
    }

    /// The same for a path that there is not, one that is not for everybody, and a stream that nobody knows.
    pub(crate) fn not_found() -> Self {
        Self::new(404, "not_found", "there is nothing here", "check the path")
    }

    pub(crate) fn method_not_allowed(allow: &str) -> Self {
        Self {
            allow: Some(allow.to_owned()),
            ..Self::new(
                405,
                "method_not_allowed",
                "the path is not for this method",
                format!("use {allow}"),
            )
        }
    }

    pub(crate) fn bad_request(message: impl Into<String>, user_action: impl Into<String>) -> Self {
        Self::new(400, "bad_request", message, user_action)
    }

    pub(crate) fn misconfigured() -> Self {
        Self::new(
            409,
            "config",
            "the stream's configuration has problems",
            "mend what `config_problems` in GET /status names",
        )
    }

    /// The configuration has problems that are not those of one stream.
    pub(crate) fn of_config(problems: &[edgesiem::Error]) -> Self {
        problems
            .first()
            .map_or_else(Self::misconfigured, Self::from)
    }

    pub(crate) fn running() -> Self {
        Self::new(
            409,
            "running",
            "a run of the stream is under way",
            "try again when it has ended",
        )
    }

    pub(crate) fn no_room() -> Self {
        Self::new(
            503,
            "no_room",
            "other streams need the memory now",
            "try again in a minute",
        )
    }

    pub(crate) fn unavailable(reason: &str) -> Self {
        Self::new(
            503,
            "unavailable",
            format!("the stream's object did not answer: {reason}"),
            "try again; if it lasts, look into the log",
        )
    }
}

/// An error of the core's, as an answer: what was asked for cannot be done as things are.
impl From<&edgesiem::Error> for Refusal {
    fn from(error: &edgesiem::Error) -> Self {
        let context: String = error
            .context()
            .iter()
            .map(|(name, value)| format!("; {name}: {value}"))
            .collect();
        Self::new(
            409,
            error.kind().code(),
            format!("{}{context}", error.message()),
            error.user_action(),
        )
    }
}

/// An operation that was not done. Where the Worker knows more of what to do, or should tell less, the words are its
/// own.
impl From<administer::Refusal> for Refusal {
    fn from(refusal: administer::Refusal) -> Self {
        let administer::Refusal {
            kind,
            message,
            user_action,
        } = refusal;
        match kind {
            RefusalKind::Misconfigured => Self::misconfigured(),
            RefusalKind::NoSuchLetter => Self::not_found(),
            RefusalKind::NoSuchReplay => Self::new(
                404,
                kind.code(),
                message,
                "look at `replays` in GET /status",
            ),
            RefusalKind::NoReplays => Self::new(
                409,
                kind.code(),
                "with store = \"kv\" there is no replay beside the live stream",
                "set store = \"durable-object\", which goes on from where the stream stands; or reset the stream with \
                 `from`, which sends everything since then again",
            ),
            RefusalKind::Source(_) => Self::new(400, kind.code(), message, user_action),
            _ => Self::new(503, kind.code(), message, user_action),
        }
    }
}

/// An answer on its way out.
pub(crate) struct Answer {
    status: u16,
    content_type: &'static str,
    body: String,
    more: Vec<(&'static str, String)>,
}

impl Answer {
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self {
            status,
            content_type: "application/json",
            body: body.to_string(),
            more: Vec::new(),
        }
    }

    pub(crate) fn text(content_type: &'static str, body: String) -> Self {
        Self {
            status: 200,
            content_type,
            body,
            more: Vec::new(),
        }
    }

    pub(crate) fn into_response(self) -> Result<Response, JsValue> {
        let headers = Headers::new()?;
        headers.set("content-type", self.content_type)?;
        headers.set("cache-control", "no-store")?;
        headers.set("x-content-type-options", "nosniff")?;
        for (name, value) in &self.more {
            headers.set(name, value)?;
        }
        let init = ResponseInit::new();
        init.set_status(self.status);
        init.set_headers(&headers);
        Response::new_with_opt_str_and_init(Some(&self.body), &init)
    }
}

impl From<Refusal> for Answer {
    fn from(refusal: Refusal) -> Self {
        let body = json!({ "error": {
            "code": refusal.code,
            "message": refusal.message,
            "user_action": refusal.user_action,
        } });
        let mut answer = Self::json(refusal.status, &body);
        if let Some(allow) = refusal.allow {
            answer.more.push(("allow", allow));
        }
        if refusal.status == 401 {
            answer.more.push(("www-authenticate", "Bearer".to_owned()));
        }
        answer
    }
}
