//! Style sheets, scripts and the icon, embedded in the binary.
//!
//! Guarantees: the address of an asset carries a hash of its bytes, so a browser may keep it for
//! ever and still gets the new one after an upgrade. Does not know: which page uses which.
//!
//! `htmx` is version 2.0.11, as published (Zero-Clause BSD, see `htmx-LICENSE.txt` beside it).

use std::sync::LazyLock;

use actix_web::{
    HttpResponse,
    http::header,
    web::{self, Bytes},
};
use sha2::{Digest, Sha256};

struct Asset {
    name: &'static str,
    media: &'static str,
    bytes: &'static [u8],
    url: String,
}

static ASSETS: LazyLock<Vec<Asset>> = LazyLock::new(|| {
    const JS: &str = "text/javascript; charset=utf-8";
    let css = "text/css; charset=utf-8";
    vec![
        asset("pages.css", css, include_bytes!("../assets/pages.css")),
        asset("board.js", JS, include_bytes!("../assets/board.js")),
        asset("times.js", JS, include_bytes!("../assets/times.js")),
        asset("htmx.js", JS, include_bytes!("../assets/htmx-2.0.11.min.js")),
        asset("icon.svg", "image/svg+xml", include_bytes!("../assets/icon.svg")),
    ]
});

fn asset(name: &'static str, media: &'static str, bytes: &'static [u8]) -> Asset {
    let hash: String = hex::encode(Sha256::digest(bytes)).chars().take(12).collect();
    Asset { name, media, bytes, url: format!("assets/{name}?v={hash}") }
}

/// The address of an asset from the root of the pages, for templates; empty if there is none of this name.
#[must_use]
pub fn url(name: &str) -> &'static str {
    ASSETS.iter().find(|asset| asset.name == name).map_or("", |asset| asset.url.as_str())
}

/// Gives an asset.
pub async fn serve(name: web::Path<String>) -> HttpResponse {
    let Some(asset) = ASSETS.iter().find(|asset| asset.name == name.as_str()) else {
        return HttpResponse::NotFound().content_type("text/plain").body("no such asset\n");
    };
    HttpResponse::Ok()
        .content_type(asset.media)
        .insert_header((header::CACHE_CONTROL, "public, max-age=31536000, immutable"))
        .insert_header((header::X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((header::CONTENT_SECURITY_POLICY, super::answer::CSP))
        .body(Bytes::from_static(asset.bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_asset_that_a_template_names_is_there_and_carries_its_hash() {
        let templates = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/templates"));
        let mut named = 0;
        for file in templates.unwrap() {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap();
            for part in text.split("assets::url(\"").skip(1) {
                let name = part.split('"').next().unwrap();
                assert!(url(name).starts_with(&format!("assets/{name}?v=")), "{name}");
                named += 1;
            }
        }
        assert!(named >= ASSETS.len(), "{named}");
    }
}
