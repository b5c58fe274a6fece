//! The socket of a stand-in: takes a request, applies the fault that is due, and answers.
//!
//! Guarantees: one thread of its own; every request is counted; a fault that breaks the connection does so for real.
//! Does not know: any vendor's JSON.

use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    sync::{Arc, mpsc},
    thread,
    time::Duration,
};

use actix_web::{
    App, HttpRequest, HttpResponse, HttpServer,
    dev::ServerHandle,
    http::StatusCode,
    rt::System,
    web::{self, Bytes, Data, PayloadConfig},
};
use serde_json::{Value, json};
use url::form_urlencoded;

use super::{Fault, Kind, book::Shared, control, hubspot, record::Request, salesforce};

/// A server on its own thread.
#[derive(Debug)]
pub(super) struct Running {
    pub address: SocketAddr,
    handle: ServerHandle,
}

impl Running {
    pub fn stop(&self) {
        // The command is sent at once; the future only waits for the end.
        drop(self.handle.stop(false));
    }
}

pub(super) fn start(shared: Arc<Shared>, at: SocketAddr) -> io::Result<Running> {
    let (tell, told) = mpsc::channel();
    thread::Builder::new().name("stand-in".to_owned()).spawn(move || {
        System::new().block_on(async move {
            let bound = HttpServer::new(move || {
                App::new()
                    .app_data(Data::from(Arc::clone(&shared)))
                    .app_data(PayloadConfig::new(4 << 20))
                    .route(control::ORDERS, web::post().to(control::ordered))
                    .route(control::STATS, web::get().to(control::told))
                    .default_service(web::to(serve))
            })
            .workers(1)
            .disable_signals()
            .bind(at)
            .and_then(|server| {
                let address = server.addrs().first().copied();
                address.map(|at| (at, server.run())).ok_or(io::ErrorKind::AddrNotAvailable.into())
            });
            match bound {
                Ok((address, server)) => {
                    let running = Running { address, handle: server.handle() };
                    // Nobody waits any more: then there is nothing to serve either.
                    if tell.send(Ok(running)).is_ok() {
                        let _ended = server.await;
                    }
                }
                Err(error) => drop(tell.send(Err(error))),
            }
        });
    })?;
    told.recv().unwrap_or_else(|_| Err(io::ErrorKind::BrokenPipe.into()))
}

/// A request under way, counted until it is dropped, which a connection that breaks does too.
struct UnderWay<'a>(&'a Shared);

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        self.0.book().counts.left();
    }
}

async fn serve(http: HttpRequest, body: Bytes, shared: Data<Shared>) -> HttpResponse {
    let request = request(&http, &body);
    let is_token = request.path.ends_with("/oauth2/token");
    let (fault, delay_ms) = {
        let mut book = shared.book();
        book.counts.arrived(&request.path);
        if !book.is_lean {
            book.requests.push(request.clone());
        }
        let fault = if book.is_down {
            Fault::Status(503)
        } else if is_token {
            Fault::None
        } else {
            book.script.pop_front().unwrap_or(Fault::None)
        };
        book.counts.stats.faulted += u64::from(fault != Fault::None);
        (fault, book.delay_ms)
    };
    let _under_way = UnderWay(&shared);
    if delay_ms > 0 {
        actix_web::rt::time::sleep(Duration::from_millis(delay_ms)).await;
    }
    let perform = || {
        let mut book = shared.book();
        let (status, body) = match book.kind {
            Kind::Hubspot => hubspot::answer(&mut book, &request),
            Kind::Salesforce => {
                let (status, body) = salesforce::answer(&mut book, &request);
                (status, body.to_string())
            }
        };
        drop(book);
        answered(status, None, body)
    };
    let failed = |status, seconds| answered(status, seconds, error(&shared, status).to_string());
    match fault {
        Fault::None => perform(),
        Fault::Status(status) => failed(status, None),
        Fault::RetryAfter(status, seconds) => failed(status, Some(seconds)),
        Fault::ResetBefore => broken(),
        Fault::ResetAfter => {
            drop(perform());
            broken()
        }
        Fault::Lock => {
            shared.book().is_locked = true;
            let answer = perform();
            shared.book().is_locked = false;
            answer
        }
        Fault::Expire => {
            shared.book().session += 1;
            perform()
        }
    }
}

fn request(http: &HttpRequest, body: &Bytes) -> Request {
    let pairs = |bytes: &[u8]| form_urlencoded::parse(bytes).into_owned().collect::<Vec<_>>();
    let headers: BTreeMap<String, String> = http
        .headers()
        .iter()
        .filter(|(name, _)| {
            let name = name.as_str();
            matches!(name, "authorization" | "content-type" | "host") || name.starts_with("sforce-")
        })
        .filter_map(|(name, value)| Some((name.to_string(), value.to_str().ok()?.to_owned())))
        .collect();
    let is_form = headers.get("content-type").is_some_and(|kind| kind.contains("form"));
    let body = if is_form {
        Value::Object(pairs(body).into_iter().map(|(name, value)| (name, value.into())).collect())
    } else {
        serde_json::from_slice(body).unwrap_or_default()
    };
    Request {
        method: http.method().to_string(),
        path: http.path().to_owned(),
        query: pairs(http.query_string().as_bytes()),
        headers,
        body,
    }
}

/// An error body as the CRM would write it.
fn error(shared: &Shared, status: u16) -> Value {
    match (shared.book().kind, status) {
        (Kind::Hubspot, 429) => json!({ "status": "error", "policyName": "TEN_SECONDLY_ROLLING" }),
        (Kind::Hubspot, _) => json!({ "status": "error", "message": "a scripted fault" }),
        (Kind::Salesforce, _) => {
            let code = match status {
                401 => "INVALID_SESSION_ID",
                403 => "REQUEST_LIMIT_EXCEEDED",
                503 => "SERVER_UNAVAILABLE",
                _ => "UNKNOWN_EXCEPTION",
            };
            json!([{ "errorCode": code, "message": "a scripted fault", "fields": [] }])
        }
    }
}

fn answered(status: u16, retry_after: Option<u32>, body: String) -> HttpResponse {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let mut answer = HttpResponse::build(status);
    if let Some(seconds) = retry_after {
        answer.insert_header(("retry-after", seconds.to_string()));
    }
    if status == StatusCode::NO_CONTENT {
        return answer.finish();
    }
    answer.content_type("application/json").body(body)
}

/// An answer that breaks off before its first byte of body: the connection is closed.
fn broken() -> HttpResponse {
    let failing = futures_util::stream::once(async {
        Err::<Bytes, io::Error>(io::ErrorKind::ConnectionReset.into())
    });
    HttpResponse::Ok().streaming(failing)
}
