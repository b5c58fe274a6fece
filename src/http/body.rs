//! Reading a body: raw bytes, under a cap and a deadline.
//!
//! Guarantees: never more than the cap is held, whatever the headers claim; a body that does not
//! arrive in time ends the request (actix has no such deadline of its own); one that is encoded is
//! refused unread, so nothing is ever inflated.
//! Does not know: what the bytes are.

use std::time::Duration;

use actix_web::{HttpRequest, dev::Payload, http::header};
use bytes::{Bytes, BytesMut};
use futures_util::StreamExt as _;

/// Why a body was not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unread {
    /// Longer than the cap: 413.
    TooLarge,
    /// Not here in time: 408.
    TooSlow,
    /// Broken off or not HTTP: 400.
    Broken,
    /// Compressed or otherwise encoded: 415. It is not even read.
    Encoded,
}

/// Reads a body.
///
/// # Errors
/// [`Unread`], with the status it stands for.
pub async fn read(
    request: &HttpRequest,
    mut payload: Payload,
    cap: usize,
    within: Duration,
) -> Result<Bytes, Unread> {
    let is_plain = |value: &header::HeaderValue| {
        value.as_bytes().trim_ascii().eq_ignore_ascii_case(b"identity")
    };
    if !request.headers().get_all(header::CONTENT_ENCODING).all(is_plain) {
        return Err(Unread::Encoded);
    }
    let claimed = request
        .headers()
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.parse::<u64>().ok());
    if claimed.is_some_and(|claimed| claimed > cap as u64) {
        return Err(Unread::TooLarge);
    }
    let all = async {
        let first = match payload.next().await {
            None => return Ok(Bytes::new()),
            Some(chunk) => chunk.map_err(|_| Unread::Broken)?,
        };
        if first.len() > cap {
            return Err(Unread::TooLarge);
        }
        // Most bodies arrive in one piece: those are not copied.
        let Some(second) = payload.next().await else { return Ok(first) };
        let mut body = BytesMut::from(first.as_ref());
        let mut next = Some(second);
        while let Some(chunk) = next {
            let chunk = chunk.map_err(|_| Unread::Broken)?;
            if body.len() + chunk.len() > cap {
                return Err(Unread::TooLarge);
            }
            body.extend_from_slice(&chunk);
            next = payload.next().await;
        }
        Ok(body.freeze())
    };
    tokio::time::timeout(within, all).await.unwrap_or(Err(Unread::TooSlow))
}
