//! axum: PORT=3000 cargo run

use axum::body::Body;
use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{FromRequestParts, Path};
use axum::http::{request::Parts, HeaderMap};
use axum::response::Response;
use axum::routing::{any, get, post};
use axum::{Json, Router};
use serde::Serialize;
use serde_json::{json, Value};
use std::convert::Infallible;

/// Who is asking, as bearergate says. A handler that takes one is told.
#[derive(Serialize)]
struct Identity {
    subject: Option<String>,
    client: Option<String>,
    organization: Option<String>,
    scopes: Vec<String>,
    audience: Vec<String>,
}

impl<S: Sync> FromRequestParts<S> for Identity {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Self::Rejection> {
        let text = |name| Some(parts.headers.get(name)?.to_str().ok()?.to_owned());
        let words = |name| text(name).map_or(vec![], |all| all.split(' ').map(str::to_owned).collect());
        Ok(Self {
            subject: text("x-auth-subject"),
            client: text("x-auth-client-id"),
            organization: text("x-auth-organization-id"),
            scopes: words("x-auth-scopes"),
            audience: words("x-auth-audience"),
        })
    }
}

fn answer(route: &str, identity: &Identity) -> Value {
    let mut said = json!(identity);
    said["route"] = json!(route);
    said
}

async fn about(identity: Identity) -> Json<Value> {
    Json(answer("GET /about", &identity))
}

async fn all_headers(headers: HeaderMap) -> Json<Value> {
    Json(headers.iter().map(|(name, value)| json!([name.as_str(), value.to_str().ok()])).collect())
}

async fn items(identity: Identity) -> Json<Value> {
    Json(answer("GET /items", &identity))
}

async fn add_item(identity: Identity, body: Body) -> Json<Value> {
    let bytes = axum::body::to_bytes(body, 64 << 20).await.map_or(0, |body| body.len());
    let mut said = answer("POST /items", &identity);
    said["bytes"] = json!(bytes);
    Json(said)
}

async fn clear_items(identity: Identity) -> Json<Value> {
    Json(answer("DELETE /items", &identity))
}

async fn members(Path(id): Path<String>, identity: Identity) -> Json<Value> {
    let mut said = answer("GET /orgs/{id}/members", &identity);
    said["id"] = json!(id);
    Json(said)
}

async fn invite(Path(id): Path<String>, identity: Identity) -> Json<Value> {
    let mut said = answer("POST /orgs/{id}/invitations", &identity);
    said["id"] = json!(id);
    Json(said)
}

async fn socket(identity: Identity, upgrade: WebSocketUpgrade) -> Response {
    upgrade.on_upgrade(|socket| echo(socket, identity))
}

async fn echo(mut socket: WebSocket, identity: Identity) {
    let hello = answer("GET /socket", &identity).to_string();
    if socket.send(Message::Text(hello.into())).await.is_err() {
        return;
    }
    while let Some(Ok(message @ (Message::Text(_) | Message::Binary(_)))) = socket.recv().await {
        if socket.send(message).await.is_err() {
            return;
        }
    }
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let app = Router::new()
        .route("/about", get(about))
        .route("/headers", get(all_headers))
        .route("/items", get(items).post(add_item).delete(clear_items))
        .route("/orgs/{id}/members", get(members))
        .route("/orgs/{id}/invitations", post(invite))
        .route("/socket", any(socket));
    let port = std::env::var("PORT").unwrap_or_else(|_| "3000".into());
    let listener = tokio::net::TcpListener::bind(format!("127.0.0.1:{port}")).await?;
    axum::serve(listener, app).await
}
