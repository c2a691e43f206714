//! Who is asking, as bearergate says.

use hyper::HeaderMap;
use serde_json::{json, Value};

/// What the token said. What it did not say is null or empty.
#[derive(Clone)]
pub struct Identity(pub Value);

impl Identity {
    pub fn of(headers: &HeaderMap) -> Self {
        let text = |name| headers.get(name).and_then(|value| value.to_str().ok());
        let words = |name| text(name).map(|all| all.split(' ').collect()).unwrap_or_else(Vec::new);
        Self(json!({
            "subject": text("x-auth-subject"),
            "client": text("x-auth-client-id"),
            "organization": text("x-auth-organization-id"),
            "scopes": words("x-auth-scopes"),
            "audience": words("x-auth-audience"),
        }))
    }
}
