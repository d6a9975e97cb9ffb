//! Signs requests for Akamai's APIs (EdgeGrid, EG1-HMAC-SHA256) and reads the credentials for it from the
//! text of an `.edgerc` file or from `AKAMAI_*` variables.
//!
//! It never reads a file, a clock, the environment or a source of chance: text, time and nonce are
//! arguments, so the same arguments always give the same signature.
//!
//! ```
//! use edgesiem_edgegrid::{Nonce, Request, SigningTime, parse_edgerc, sign};
//!
//! let edgerc = "
//!     [default]
//!     host = akab-h.luna.akamaiapis.net
//!     client_token = akab-ct
//!     client_secret = c2VjcmV0=
//!     access_token = akab-at
//! ";
//! let credentials = parse_edgerc(edgerc, "default")?;
//! let request = Request {
//!     method: "GET",
//!     scheme: "https",
//!     host: credentials.host(),
//!     target: "/siem/v1/configs/14227?offset=NULL",
//!     headers: &[],
//!     body: &[],
//! };
//! let time = SigningTime::from_epoch_ms(1_395_430_461_000);
//! let signature = sign(&request, &credentials, &time, &Nonce::from_random([7; 16]));
//!
//! assert_eq!(
//!     signature.data_to_sign,
//!     "GET\thttps\takab-h.luna.akamaiapis.net\t/siem/v1/configs/14227?offset=NULL\t\t\t\
//!      EG1-HMAC-SHA256 client_token=akab-ct;access_token=akab-at;timestamp=20140321T19:34:21+0000;\
//!      nonce=07070707-0707-4707-8707-070707070707;",
//! );
//! assert!(signature.authorization.starts_with("EG1-HMAC-SHA256 client_token=akab-ct;"));
//! # Ok::<(), edgesiem_edgegrid::CredentialsError>(())
//! ```
//!
//! The algorithm is the one of Akamai's own clients; every stage is checked against the vectors that they
//! publish (`tests/vectors/edgegrid`).

mod credentials;
mod edgerc;
mod environment;
mod error;
mod nonce;
mod sign;
mod time;
mod url;

pub use credentials::{ClientSecret, Credentials, DEFAULT_MAX_BODY, Fields};
pub use edgerc::parse_edgerc;
pub use environment::from_env;
pub use error::{CredentialsError, CredentialsErrorKind};
pub use nonce::{InvalidNonce, Nonce};
pub use sign::{Request, Signature, SigningKey, sign};
pub use time::{InvalidSigningTime, SigningTime};
pub use url::{InvalidUrl, UrlParts, split_url};
