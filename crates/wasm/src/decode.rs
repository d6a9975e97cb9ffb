//! Single events, and the encoded parts of one.

use edgesiem_decode as dec;
use edgesiem_model::Unreadable;
use js_sys::{Array, JSON, Object, Uint8Array};
use tsify::Tsify;
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast as _, JsValue};

use crate::error::{invalid_argument, thrown};
use crate::schema::schema;

/// The rule facets of `attackData`, as they come.
#[derive(Tsify)]
#[serde(rename_all = "camelCase")]
#[expect(
    dead_code,
    reason = "only its declaration is used: values that are no text are passed over, not refused"
)]
struct RuleFacets {
    /// Which rules fired.
    #[tsify(optional, type = "string | undefined")]
    rules: String,
    /// Their versions.
    #[tsify(optional, type = "string | undefined")]
    rule_versions: String,
    /// What they say.
    #[tsify(optional, type = "string | undefined")]
    rule_messages: String,
    /// Their tags.
    #[tsify(optional, type = "string | undefined")]
    rule_tags: String,
    /// What they found.
    #[tsify(optional, type = "string | undefined")]
    rule_data: String,
    /// Where they found it.
    #[tsify(optional, type = "string | undefined")]
    rule_selectors: String,
    /// What they did about it.
    #[tsify(optional, type = "string | undefined")]
    rule_actions: String,
}

#[wasm_bindgen(typescript_custom_section)]
const TYPES: &str = r#"
/** One decoded rule. A member with `Base64` is there if the text beside it is not exactly what was sent. */
export type Rule = Partial<
    Record<
        | "rule" | "ruleVersion" | "ruleMessage" | "ruleTag" | "ruleData" | "ruleSelector" | "ruleAction"
        | "ruleBase64" | "ruleVersionBase64" | "ruleMessageBase64" | "ruleTagBase64" | "ruleDataBase64"
        | "ruleSelectorBase64" | "ruleActionBase64",
        string
    >
>;

/** One decoded header, or a line that is none. */
export type Header =
    | { name: string; nameBase64?: string; value: string; valueBase64?: string }
    | { raw: string; rawBase64?: string };
"#;

/// Decodes one event, a line of JSON, into one line of JSON; or into a line of another schema, if one is named. There is one
/// document whatever the schema's `expand_rules` says.
#[wasm_bindgen(js_name = decodeEvent)]
pub fn decode_event(
    #[wasm_bindgen(unchecked_param_type = "string | Uint8Array")] line: &JsValue,
    #[wasm_bindgen(js_name = schema, unchecked_optional_param_type = "SchemaOption")]
    schema_option: &JsValue,
) -> Result<String, JsValue> {
    let mut schema = schema(schema_option, &JsValue::UNDEFINED)?;
    let line = line_bytes(line)?;
    let mut out = Vec::new();
    schema
        .convert(&line, &mut out)
        .map_err(|unreadable| malformed(&unreadable))?;
    text(out)
}

/// The documents of one event, a line of JSON: one, or one for each rule if the schema expands them, or none if the filter
/// leaves the event out.
#[wasm_bindgen]
pub fn convert(
    #[wasm_bindgen(unchecked_param_type = "string | Uint8Array")] line: &JsValue,
    #[wasm_bindgen(js_name = schema, unchecked_optional_param_type = "SchemaOption")]
    schema_option: &JsValue,
    #[wasm_bindgen(unchecked_optional_param_type = "Filter")] filter: &JsValue,
) -> Result<Vec<String>, JsValue> {
    let mut schema = schema(schema_option, filter)?;
    let line = line_bytes(line)?;
    let (mut out, mut ends) = (Vec::new(), Vec::new());
    schema
        .convert_parts(&line, &mut out, &mut ends)
        .map_err(|unreadable| malformed(&unreadable))?;
    let mut documents = Vec::with_capacity(ends.len());
    let mut start = 0;
    for end in ends {
        let document = out.get(start..end).unwrap_or_default();
        documents.push(text(document.to_vec())?);
        start = end;
    }
    Ok(documents)
}

fn line_bytes(line: &JsValue) -> Result<Vec<u8>, JsValue> {
    if let Some(text) = line.as_string() {
        Ok(text.into_bytes())
    } else if let Some(bytes) = line.dyn_ref::<Uint8Array>() {
        Ok(bytes.to_vec())
    } else {
        Err(invalid_argument("line", "needs a string or a Uint8Array"))
    }
}

fn malformed(unreadable: &Unreadable) -> JsValue {
    thrown(
        "malformed_event",
        &unreadable.to_string(),
        "pass one event, a complete JSON object",
    )
}

/// Decodes the rule facets of `attackData` into a list of rules.
#[wasm_bindgen(js_name = decodeRules, unchecked_return_type = "Rule[]")]
pub fn decode_rules(
    #[wasm_bindgen(unchecked_param_type = "RuleFacets")] facets: JsValue,
) -> Result<JsValue, JsValue> {
    let facets = facets
        .dyn_into::<Object>()
        .map_err(|_| invalid_argument("facets", "needs an object"))?;
    let mut found: Vec<(dec::Facet, String)> = Vec::new();
    for entry in Object::entries(&facets).iter() {
        let entry: Array = entry.unchecked_into();
        let name = entry.get(0).as_string().unwrap_or_default();
        if let (Some(facet), Some(value)) = (
            dec::Facet::from_member(name.as_bytes()),
            entry.get(1).as_string(),
        ) {
            found.push((facet, value));
        }
    }
    let facets: Vec<_> = found
        .iter()
        .map(|(facet, value)| (*facet, value.as_str()))
        .collect();
    let mut out = Vec::new();
    list("rules", dec::decode_rules(&facets, &mut out), out)
}

/// Decodes `requestHeaders` or `responseHeaders` of `httpMessage` into a list of headers.
#[wasm_bindgen(js_name = decodeHeaders, unchecked_return_type = "Header[]")]
pub fn decode_headers(encoded: &str) -> Result<JsValue, JsValue> {
    let mut out = Vec::new();
    list("headers", dec::decode_headers(encoded, &mut out), out)
}

/// What the decoder wrote, as a JavaScript list.
fn list(name: &str, decoded: Option<u32>, json: Vec<u8>) -> Result<JsValue, JsValue> {
    if decoded.is_none() {
        let reason = format!("more than {} {name} are not taken apart", dec::MAX_ITEMS);
        return Err(thrown("too_many_items", &reason, "keep the value as it is"));
    }
    JSON::parse(&text(json)?)
}

fn text(json: Vec<u8>) -> Result<String, JsValue> {
    String::from_utf8(json).map_err(|_| {
        thrown(
            "internal",
            "decoded text is not UTF-8",
            "report this as a bug",
        )
    })
}
