//! Many senders at once, each over one connection.
//!
//! Guarantees: every fill is acknowledged. Does not know: what becomes of it.

use std::{ops::Range, sync::Arc};

use tokio::task::JoinSet;

use super::wire::{Post, Wire};

const CONNECTIONS: usize = 32;

/// Posts the fills of these people, each with this form, and waits until all are acknowledged.
pub async fn post(port: u16, people: Range<usize>, form: fn(usize) -> &'static str) {
    let people = Arc::new(people);
    let mut senders = JoinSet::new();
    for sender in 0..CONNECTIONS {
        let people = Arc::clone(&people);
        senders.spawn(async move {
            let mut wire = Wire::connect(port).await.expect("a connection");
            for number in Range::clone(&people).skip(sender).step_by(CONNECTIONS) {
                let form = form(number);
                let body =
                    format!(r#"{{"data":{{"email":"p{number}@linden.example","form":"{form}"}}}}"#);
                let fill = Post::new(port, &body, &format!("msg_{number}"));
                let (status, said) = wire.send(&fill).await.expect("an answer");
                assert_eq!(status, 200, "{}", String::from_utf8_lossy(&said));
            }
        });
    }
    while let Some(ended) = senders.join_next().await {
        ended.expect("a sender ends well");
    }
}
