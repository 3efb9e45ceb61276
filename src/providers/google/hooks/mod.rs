//! What the words of resource files cannot say, by product.

pub mod storage;
pub mod object;
pub mod iam;
pub mod project;
pub mod pubsub;
pub mod cluster;
pub mod pool;
pub mod ephemeral;
pub mod keys;
pub mod compute;
pub mod subnetwork;
pub mod firewall;
pub mod image;
pub mod disk;
pub mod instance;
pub mod machine;
pub mod sql_steps;
pub mod sql;
pub mod data;
pub mod dns;
pub mod databases;
pub mod binding;
pub mod bigtable;
pub mod account_key;
pub mod api_resource;
