//! hyper alone: PORT=3000 cargo run

mod identity;

use hyper::body::{Bytes, HttpBody};
use hyper::service::{make_service_fn, service_fn};
use hyper::{header, Body, Method, Request, Response, Server, StatusCode};
use identity::Identity;
use percent_encoding::percent_decode_str;
use serde_json::{json, Value};
use std::{borrow::Cow, convert::Infallible, env, net::SocketAddr, time::Duration};

fn status(code: StatusCode) -> Response<Body> {
    let mut response = Response::new(Body::empty());
    *response.status_mut() = code;
    response
}

fn reply(value: &Value) -> Response<Body> {
    let mut response = Response::new(Body::from(value.to_string()));
    let json = header::HeaderValue::from_static("application/json");
    response.headers_mut().insert(header::CONTENT_TYPE, json);
    response
}

fn decoded(segment: &str) -> Cow<str> {
    percent_decode_str(segment).decode_utf8_lossy()
}

/// The request's identity with what else the route says.
fn answer(request: &Request<Body>, more: Value) -> Response<Body> {
    let mut said = request.extensions().get::<Identity>().expect("who_is_asking").0.clone();
    for (name, value) in more.as_object().into_iter().flatten() {
        said[name] = value.clone();
    }
    reply(&said)
}

fn about(request: &Request<Body>) -> Response<Body> {
    let known = request.headers().get(header::IF_NONE_MATCH).map_or(false, |tag| tag == "\"about-1\"");
    let mut response = match known {
        true => status(StatusCode::NOT_MODIFIED),
        false => answer(request, json!({ "route": "GET /about" })),
    };
    response.headers_mut().insert(header::ETAG, header::HeaderValue::from_static("\"about-1\""));
    response
}

fn all_headers(request: &Request<Body>) -> Response<Body> {
    let fields = request.headers().iter();
    reply(&fields.map(|(name, value)| json!([name.as_str(), String::from_utf8_lossy(value.as_bytes())])).collect())
}

async fn add_item(mut request: Request<Body>) -> Response<Body> {
    let mut bytes = 0;
    while let Some(piece) = request.body_mut().data().await {
        match piece {
            Ok(piece) => bytes += piece.len(),
            Err(_) => return status(StatusCode::BAD_REQUEST),
        }
    }
    answer(&request, json!({ "route": "POST /items", "bytes": bytes }))
}

fn ticks() -> Response<Body> {
    let (mut sender, body) = Body::channel();
    tokio::spawn(async move {
        for count in 1..=600 {
            if sender.send_data(Bytes::from(format!("tick {count}\n"))).await.is_err() {
                return; // the client left
            }
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    });
    Response::new(body)
}

async fn route(request: Request<Body>) -> Result<Response<Body>, Infallible> {
    let path = request.uri().path().to_owned();
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    let method = match request.method() {
        &Method::HEAD => &Method::GET,
        other => other,
    };
    Ok(match (method, parts.as_slice()) {
        (&Method::GET, ["about"]) => about(&request),
        (&Method::GET, ["headers"]) => all_headers(&request),
        (&Method::GET, ["items"]) => answer(&request, json!({ "route": "GET /items" })),
        (&Method::POST, ["items"]) => add_item(request).await,
        (&Method::DELETE, ["items"]) => answer(&request, json!({ "route": "DELETE /items" })),
        (&Method::GET, ["ticks"]) => ticks(),
        (&Method::GET, ["orgs", id, "members"]) => {
            answer(&request, json!({ "route": "GET /orgs/{id}/members", "id": decoded(id) }))
        }
        (&Method::POST, ["orgs", id, "invitations"]) => {
            answer(&request, json!({ "route": "POST /orgs/{id}/invitations", "id": decoded(id) }))
        }
        _ => status(StatusCode::NOT_FOUND),
    })
}

async fn who_is_asking(mut request: Request<Body>) -> Result<Response<Body>, Infallible> {
    let identity = Identity::of(request.headers());
    request.extensions_mut().insert(identity);
    route(request).await
}

#[tokio::main]
async fn main() -> Result<(), hyper::Error> {
    let port = env::var("PORT").ok().and_then(|port| port.parse().ok()).unwrap_or(3000);
    let service = make_service_fn(|_| async { Ok::<_, Infallible>(service_fn(who_is_asking)) });
    Server::bind(&SocketAddr::from(([127, 0, 0, 1], port))).serve(service).await
}
