//! Encryption of `PostgreSQL` connections, with the meanings libpq gives to `sslmode`.

use std::fs::File;
use std::io::BufReader;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};
use tokio_postgres_rustls::MakeRustlsConnect;

/// How a connection is made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Trust {
    /// `prefer` and `require`: encrypted, whoever answers. That is what these modes mean, and what servers
    /// with certificates of their own need.
    Anyone,
    /// `verify-ca` and `verify-full`: by the certificates in `sslrootcert`, or the public ones.
    Verified {
        /// A PEM file.
        roots: Option<String>,
    },
}

/// The connector.
///
/// # Errors
/// Why the certificates cannot be used.
pub fn connector(trust: &Trust) -> Result<MakeRustlsConnect, String> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let config = match trust {
        Trust::Anyone => {
            builder.dangerous().with_custom_certificate_verifier(Arc::new(Whoever(provider))).with_no_client_auth()
        }
        Trust::Verified { roots } => {
            let mut store = RootCertStore::empty();
            match roots {
                Some(path) => {
                    let failed = |error: &dyn std::fmt::Display| format!("sslrootcert {path} cannot be read: {error}");
                    let file = File::open(path).map_err(|error| failed(&error))?;
                    for certificate in CertificateDer::pem_reader_iter(BufReader::new(file)) {
                        store.add(certificate.map_err(|error| failed(&error))?).map_err(|error| failed(&error))?;
                    }
                }
                None => return Ok(MakeRustlsConnect::with_webpki_roots()),
            }
            builder.with_root_certificates(store).with_no_client_auth()
        }
    };
    Ok(MakeRustlsConnect::new(config))
}

/// Accepts any certificate, but not a broken handshake.
#[derive(Debug)]
struct Whoever(Arc<CryptoProvider>);

impl ServerCertVerifier for Whoever {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signature, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}
