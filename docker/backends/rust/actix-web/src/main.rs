//! Actix Web: PORT=3000 cargo run

use actix_web::dev::Payload;
use actix_web::web::{self, Json, Path};
use actix_web::{App, FromRequest, HttpRequest, HttpServer};
use serde::Serialize;
use serde_json::{json, Value};
use std::convert::Infallible;
use std::future::{ready, Ready};

/// Who is asking, as bearergate says. A handler that takes one is told.
#[derive(Serialize)]
struct Identity {
    subject: Option<String>,
    client: Option<String>,
    organization: Option<String>,
    scopes: Vec<String>,
    audience: Vec<String>,
}

impl FromRequest for Identity {
    type Error = Infallible;
    type Future = Ready<Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let text = |name| Some(request.headers().get(name)?.to_str().ok()?.to_owned());
        let words = |name| text(name).map_or(vec![], |all| all.split(' ').map(str::to_owned).collect());
        ready(Ok(Self {
            subject: text("x-auth-subject"),
            client: text("x-auth-client-id"),
            organization: text("x-auth-organization-id"),
            scopes: words("x-auth-scopes"),
            audience: words("x-auth-audience"),
        }))
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

async fn all_headers(request: HttpRequest) -> Json<Value> {
    Json(request.headers().iter().map(|(name, value)| json!([name.as_str(), value.to_str().ok()])).collect())
}

async fn items(identity: Identity) -> Json<Value> {
    Json(answer("GET /items", &identity))
}

async fn add_item(identity: Identity, body: web::Bytes) -> Json<Value> {
    let mut said = answer("POST /items", &identity);
    said["bytes"] = json!(body.len());
    Json(said)
}

async fn clear_items(identity: Identity) -> Json<Value> {
    Json(answer("DELETE /items", &identity))
}

async fn members(id: Path<String>, identity: Identity) -> Json<Value> {
    let mut said = answer("GET /orgs/{id}/members", &identity);
    said["id"] = json!(*id);
    Json(said)
}

async fn invite(id: Path<String>, identity: Identity) -> Json<Value> {
    let mut said = answer("POST /orgs/{id}/invitations", &identity);
    said["id"] = json!(*id);
    Json(said)
}

#[actix_web::main]
async fn main() -> std::io::Result<()> {
    let port = std::env::var("PORT").ok().and_then(|port| port.parse().ok()).unwrap_or(3000);
    HttpServer::new(|| {
        App::new()
            .app_data(web::PayloadConfig::new(64 << 20))
            .route("/about", web::get().to(about))
            .route("/headers", web::get().to(all_headers))
            .service(
                web::resource("/items")
                    .route(web::get().to(items))
                    .route(web::head().to(items))
                    .route(web::post().to(add_item))
                    .route(web::delete().to(clear_items)),
            )
            .route("/orgs/{id}/members", web::get().to(members))
            .route("/orgs/{id}/invitations", web::post().to(invite))
    })
    .bind(("127.0.0.1", port))?
    .run()
    .await
}
