//! The HTTP server of a daemon.
//!
//! Guarantees: its workers are runtimes of their own, which do no outgoing IO; what does not send a
//! request in time is let go. Does not know: what is answered.

use std::{net::TcpListener, time::Duration};

use actix_web::{App, HttpServer, dev::ServerHandle, middleware::from_fn, web};
use anyhow::Context as _;
use tokio::task::JoinHandle;

use crate::http::{Front, edge};

/// Threads that serve.
const WORKERS: usize = 2;

/// The HTTP server: its workers are runtimes of their own, which do no outgoing IO.
pub(super) fn serve(
    listener: TcpListener,
    front: &web::Data<Front>,
) -> anyhow::Result<(ServerHandle, JoinHandle<std::io::Result<()>>)> {
    let front = front.clone();
    let connections = front.bounds.connections.div_ceil(WORKERS).max(1);
    let server = HttpServer::new(move || {
        App::new().app_data(front.clone()).configure(crate::http::routes).wrap(from_fn(edge::guard))
    })
    .workers(WORKERS)
    .max_connections(connections)
    .client_request_timeout(Duration::from_secs(5))
    .keep_alive(Duration::from_secs(30))
    .shutdown_timeout(10)
    .disable_signals()
    .listen(listener)
    .context("the server cannot listen")?
    .run();
    let handle = server.handle();
    Ok((handle, tokio::spawn(server)))
}
