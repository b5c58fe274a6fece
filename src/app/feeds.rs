//! Readers of people's calendars: a file of this machine, or an address.
//!
//! Guarantees: no reader says more of an address than that it is one, for it is a secret; what is
//! too long is refused and never read in part. Does not know: what stands in a calendar.

use std::{fs, io, path::Path};

use url::Url;

use crate::{
    outbound::{Call, Outbound, Reach, Secret},
    rulebook::calendar::feed::FEED_MAX,
    settings::{CalendarSettings, CalendarSource},
    worker::calendar::{Calendar, ReadFeed},
};

/// Makes a calendar's reader; nothing is read yet.
///
/// # Errors
/// A sentence with the key it is about, without the address.
pub fn calendar(settings: &CalendarSettings) -> Result<Calendar, String> {
    let read: Box<ReadFeed> = match &settings.source {
        CalendarSource::File(path) => {
            let path = path.clone();
            Box::new(move || {
                let path = path.clone();
                Box::pin(async move {
                    let read = tokio::task::spawn_blocking(move || of_file(&path)).await;
                    read.unwrap_or_else(|_| Err("reading the file failed".to_owned()))
                })
            })
        }
        CalendarSource::Url { url, allow_private } => of_url(url, *allow_private)?,
    };
    Ok(Calendar { rep: settings.rep.clone(), every: settings.every, read })
}

fn of_file(path: &Path) -> Result<String, String> {
    let unread = |error: io::Error| format!("the file cannot be read: {}", error.kind());
    let length = fs::metadata(path).map_err(unread)?.len();
    if length > FEED_MAX as u64 {
        return Err(format!("the file is longer than {} MiB", FEED_MAX >> 20));
    }
    // What is no UTF-8 is in texts alone, which nobody looks at.
    fs::read(path).map_err(unread).map(|bytes| String::from_utf8_lossy(&bytes).into_owned())
}

fn of_url(url: &Secret, allow_private: bool) -> Result<Box<ReadFeed>, String> {
    let url = Url::parse(url.expose())
        .map_err(|_| "url: this is not a URL; copy the calendar's secret address in iCal format")?;
    let reach = if allow_private { Reach::Private } else { Reach::Public };
    let outbound = Outbound::new(reach)?;
    outbound.check(&url).map_err(|why| format!("url: {why}"))?;
    Ok(Box::new(move || {
        let (outbound, url) = (outbound.clone(), url.clone());
        Box::pin(async move {
            let call = Call::get(url).header("accept", "text/calendar, text/plain;q=0.5");
            let answer = outbound.send(call).await.map_err(|failure| failure.to_string())?;
            match answer.status {
                200 => Ok(String::from_utf8_lossy(&answer.body).into_owned()),
                status => Err(format!("status {status}")),
            }
        })
    }))
}
