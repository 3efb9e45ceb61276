//! Sessions of a run: one for each configuration that a provider block has had.
//!
//! Until a block's configuration is known there is no session, so its instances are planned from
//! state, configuration and the provider's own schemas alone.

use std::collections::HashMap;
use std::sync::Arc;

use foldhash::fast::FixedState;

use crate::addr::{Address, Mode};
use crate::diag::Diagnostic;
use crate::eval::{ProviderConfig, ProviderRef, Schemas};
use crate::providers::{Provider, Registry, Session, World};
use crate::schema::Schema;
use crate::value::Value;

/// The open sessions.
pub struct Sessions<'a> {
    registry: &'a Registry,
    world: World,
    open: Vec<Opened>,
    /// Those that do without a server, of blocks that are not known yet.
    offline: Vec<(ProviderRef, Value, Arc<dyn Session>)>,
    /// Who manages the instances that a provider block may be made from.
    owners: HashMap<Address, Arc<ProviderRef>, FixedState>,
}

/// A block, its configuration, and the session that came of it.
type Opened = (ProviderRef, Value, Result<Arc<dyn Session>, Diagnostic>);

/// Sessions that are open, without what they are for.
#[derive(Default)]
pub struct Open {
    open: Vec<Opened>,
    offline: Vec<(ProviderRef, Value, Arc<dyn Session>)>,
}

impl<'a> Sessions<'a> {
    /// Gives away what is open.
    pub fn take(&mut self) -> Open {
        Open { open: std::mem::take(&mut self.open), offline: std::mem::take(&mut self.offline) }
    }

    /// Takes over what others have opened.
    pub fn give(&mut self, open: Open) {
        (self.open, self.offline) = (open.open, open.offline);
    }

    /// Starts without any.
    pub fn new(registry: &'a Registry, world: World) -> Sessions<'a> {
        Sessions {
            registry,
            world,
            open: Vec::new(),
            offline: Vec::new(),
            owners: HashMap::default(),
        }
    }

    /// Gives the world that sessions live in.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Notes who manages an instance: its session gives the tokens for a cluster that it is.
    pub fn owns(&mut self, address: &Address, provider: &Arc<ProviderRef>) {
        self.owners.insert(address.clone(), provider.clone());
    }

    /// Gives the worlds that were met, where it matters which.
    pub fn met(&self) -> Vec<serde_json::Value> {
        let sessions = self.open.iter().filter_map(|(_, _, session)| session.as_ref().ok());
        sessions.filter_map(|session| session.identity()).collect()
    }

    /// Gives the minor version of Kubernetes that an instance serves, where it is a cluster and that is known.
    pub fn serves(&self, address: &Address, value: &Value) -> Option<u32> {
        let provider = self.provider(self.owners.get(address)?)?;
        provider.serves(&address.type_name, value)
    }

    /// Gives the provider of a block, where it is known here.
    pub fn provider(&self, reference: &ProviderRef) -> Option<&'a Arc<dyn Provider>> {
        self.registry.provider(&reference.source)
    }

    /// Gives the session of a provider block; nothing while its configuration is not known.
    ///
    /// # Errors
    /// What is wrong with the configuration or the credentials.
    pub fn session(
        &mut self,
        reference: &ProviderRef,
        config: &ProviderConfig,
    ) -> Result<Option<Arc<dyn Session>>, Diagnostic> {
        if !config.value.is_whole() {
            return Ok(None);
        }
        let known = self.open.iter().find(|(open, value, _)| {
            open == reference && value.without_marks() == config.value.without_marks()
        });
        if let Some((_, _, session)) = known {
            return session.clone().map(Some);
        }
        let Some(provider) = self.provider(reference) else {
            return Ok(None);
        };
        let world = World { tokens: self.tokens(provider.as_ref(), config), ..self.world.clone() };
        let session = provider.configure(&config.value, &world).map_err(|problem| {
            let problem = *problem;
            match config.span {
                Some(span) if problem.labels.is_empty() => problem.at(span, ""),
                _ => problem,
            }
        });
        self.open.push((reference.clone(), config.value.clone(), session.clone()));
        session.map(Some)
    }

    /// Gives the session that previews what a provider block's instances become; nothing where there is none.
    ///
    /// # Errors
    /// What is wrong with the configuration or the credentials.
    pub fn previewing(
        &mut self,
        reference: &ProviderRef,
        config: &ProviderConfig,
    ) -> Result<Option<Arc<dyn Session>>, Diagnostic> {
        let session = self.session(reference, config)?;
        let session = session.or_else(|| self.offline(reference, config));
        Ok(session.filter(|session| session.previews()))
    }

    /// Gives the session of a provider block that is not known yet, where the provider has something to say without a server.
    fn offline(
        &mut self,
        reference: &ProviderRef,
        config: &ProviderConfig,
    ) -> Option<Arc<dyn Session>> {
        let known = self.offline.iter().find(|(open, value, _)| {
            open == reference && value.without_marks() == config.value.without_marks()
        });
        if let Some((_, _, session)) = known {
            return Some(session.clone());
        }
        let session = self.provider(reference)?.offline(&config.value, &self.world)?;
        self.offline.push((reference.clone(), config.value.clone(), session.clone()));
        Some(session)
    }

    /// Says whether a session does without a server because its block is not known yet.
    pub fn is_offline(&self, session: &Arc<dyn Session>) -> bool {
        self.offline.iter().any(|(_, _, offline)| Arc::ptr_eq(offline, session))
    }

    /// Gives the tokens of whoever manages the cluster that a provider's endpoint comes from.
    fn tokens(
        &self,
        provider: &dyn Provider,
        config: &ProviderConfig,
    ) -> Option<Arc<dyn crate::providers::TokenSource>> {
        let endpoint = provider.endpoint_argument()?;
        let needs = config.needs_of(endpoint)?;
        needs.iter().find_map(|need| {
            // The instances of a block have one owner.
            let covered = || self.owners.iter().find(|(address, _)| need.covers(address));
            let owner = self.owners.get(need).or_else(|| covered().map(|(_, owner)| owner))?;
            self.open.iter().find_map(|(open, _, session)| {
                let session = session.as_ref().ok().filter(|_| *open == **owner)?;
                session.tokens()
            })
        })
    }
}

/// The registry's schemas, for the evaluator.
pub struct RegistrySchemas<'a>(pub &'a Registry);

impl Schemas for RegistrySchemas<'_> {
    fn provider(&self, source: &str) -> Option<Arc<Schema>> {
        self.0.provider(source).map(|provider| provider.schema())
    }

    fn sources(&self) -> Vec<String> {
        self.0.sources().map(String::from).collect()
    }

    fn resource(&self, source: &str, mode: Mode, type_name: &str) -> Option<Arc<Schema>> {
        self.0.provider(source)?.resource(mode, type_name)
    }

    fn type_names(&self, source: &str, mode: Mode) -> Vec<String> {
        self.0.provider(source).map(|provider| provider.type_names(mode)).unwrap_or_default()
    }
}
