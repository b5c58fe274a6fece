//! TLS to the database: whether, and whom it must prove to be.
//!
//! Guarantees: beyond this machine the server must show a certificate for its name by an authority
//! that is trusted; nothing falls back to plain text.
//! Does not know: passwords; the driver binds them to the channel (SCRAM).

use std::sync::Arc;

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject as _},
};
use tokio_postgres::{
    Config,
    config::{Host, SslMode},
};
use tokio_postgres_rustls::MakeRustlsConnect;

use crate::store::{StoreError, StoreResult};

/// How the connection is protected.
#[derive(Clone)]
pub enum Tls {
    /// Not at all: the server is on this machine, or somebody said so.
    Off,
    /// By certificates.
    On(MakeRustlsConnect),
}

/// What the settings say about it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum TlsMode {
    /// Verified when the server is not on this machine.
    #[default]
    Auto,
    /// Never.
    Disable,
    /// Always.
    VerifyFull,
}

/// What holds for these servers; the driver is told so, too.
pub fn choose(config: &mut Config, mode: TlsMode, ca: Option<&[u8]>) -> StoreResult<Tls> {
    let is_on = match mode {
        TlsMode::Auto => !config.get_hosts().iter().all(is_local),
        TlsMode::Disable => false,
        TlsMode::VerifyFull => true,
    };
    if !is_on {
        config.ssl_mode(SslMode::Disable);
        return Ok(Tls::Off);
    }
    config.ssl_mode(SslMode::Require);
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let tls = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| StoreError::Refused(format!("TLS cannot be set up: {error}")))?
        .with_root_certificates(authorities(ca)?)
        .with_no_client_auth();
    Ok(Tls::On(MakeRustlsConnect::new(tls)))
}

/// Whether nobody can listen in between.
fn is_local(host: &Host) -> bool {
    match host {
        Host::Unix(_) => true,
        Host::Tcp(name) => {
            let bare = name.trim_start_matches('[').trim_end_matches(']');
            name == "localhost"
                || bare.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
        }
    }
}

/// Whom to trust: those of the file, or those that the machine trusts.
fn authorities(ca: Option<&[u8]>) -> StoreResult<RootCertStore> {
    let mut roots = RootCertStore::empty();
    if let Some(pem) = ca {
        for found in CertificateDer::pem_slice_iter(pem) {
            let certificate = found.map_err(|error| {
                StoreError::Refused(format!("ca_file: not a file of PEM certificates: {error}"))
            })?;
            roots.add(certificate).map_err(|error| {
                StoreError::Refused(format!("ca_file: a certificate cannot be used: {error}"))
            })?;
        }
    } else {
        roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
    }
    if roots.is_empty() {
        return Err(StoreError::Refused(
            "no authority to trust: name a file of PEM certificates (ca_file), or install those of \
             the system (the package ca-certificates)"
                .to_owned(),
        ));
    }
    Ok(roots)
}
