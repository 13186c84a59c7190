//! `anchorite inspect cacerts`, for each line of what consumers were measured to accept: files made by hand
//! with openssl, and what is said of them. `yyyy`: istiod starts, Envoy, ztunnel and Go peers work.

mod certificates;
mod chains;
mod crls;
mod files;
mod layouts;
pub mod pki;
mod screens;
mod sidecars;
