//! TLS to the database: whom a store believes.
//!
//! Guarantees: a real server with a certificate of its own. Does not know: who issues real ones.

use handoff::store::{
    Store as _, StoreError,
    postgres::{Options, PostgresStore, TlsMode},
};

use super::fixture::{T0, fill};
use crate::{
    faults::needs,
    harness::postgres::{self, PASSWORD, Server, USER},
};

/// Makes the server a key, and a certificate for the name `localhost` that nobody else has signed.
const CERTIFY: &str = "COPY (SELECT 1) TO PROGRAM 'cat > /dev/null; \
     openssl req -x509 -newkey rsa:2048 -nodes -keyout server.key -out server.crt -days 2 \
     -subj /CN=localhost -addext basicConstraints=critical,CA:FALSE \
     -addext subjectAltName=DNS:localhost 2> /dev/null && chmod 600 server.key'";

#[tokio::test]
async fn a_server_must_prove_who_it_is_before_it_hears_the_password() {
    let test = "a_server_must_prove_who_it_is_before_it_hears_the_password";
    if !postgres::is_there(test) || !needs::openssl(test) {
        return;
    }
    let server = Server::start();
    let name = server.create();
    let options = |host: &str, tls, ca: Option<&str>| Options {
        url: format!("postgres://{USER}:{PASSWORD}@{host}:{}/{name}", server.port()),
        tls,
        ca: ca.map(|pem| pem.as_bytes().to_vec()),
        ..Options::default()
    };
    let refused = |options: &Options| match PostgresStore::open(options) {
        Err(StoreError::Refused(why)) => {
            assert!(!why.contains(PASSWORD), "{why}");
            why
        }
        Err(error) => panic!("refused, not {error:?}"),
        Ok(_) => panic!("refused, but it opened"),
    };
    server.sql("postgres", CERTIFY);
    let pem = server.sql("postgres", "SELECT pg_read_file('server.crt')") + "\n";
    let why = refused(&options("localhost", TlsMode::VerifyFull, Some(&pem)));
    assert!(why.contains("does not support TLS"), "never in plain text: {why}");
    server.sql("postgres", "ALTER SYSTEM SET ssl = on");
    server.sql("postgres", "SELECT pg_reload_conf(), pg_sleep(0.5)");
    let store = PostgresStore::open(&options("localhost", TlsMode::VerifyFull, Some(&pem)))
        .expect("its certificate is good");
    store.accept(vec![fill(1)]).await.unwrap();
    assert_eq!(store.tally(T0).await.unwrap().accepted, 1);
    let ours = format!(
        "SELECT count(*) > 0 AND bool_and(s.ssl) FROM pg_stat_ssl s JOIN pg_stat_activity a \
         USING (pid) WHERE a.datname = '{name}' AND a.application_name = 'handoff'"
    );
    assert_eq!(server.sql("postgres", &ours), "t", "every connection is protected");
    for (host, ca) in [("127.0.0.1", Some(pem.as_str())), ("localhost", None)] {
        let why = refused(&options(host, TlsMode::VerifyFull, ca));
        // Where the system trusts nobody at all, that is said.
        let is_said = why.contains("did not prove who it is") || why.contains("no authority");
        assert!(is_said, "{host}: {why}");
    }
    let why = refused(&options("localhost", TlsMode::VerifyFull, Some("nonsense")));
    assert!(why.contains("ca_file"), "{why}");
}
