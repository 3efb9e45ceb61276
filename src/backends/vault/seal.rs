//! A vault or none, as a place has it: between what stands there and what it says.

use std::borrow::Cow;
use std::sync::Arc;

use super::super::work::Next;
use super::{SealError, Vault, is_sealed};

/// What a place seals with; nothing where it keeps all in clear.
#[derive(Clone, Default)]
pub(in crate::backends) struct Seal(pub(in crate::backends) Option<Arc<Vault>>);

impl Seal {
    /// Makes the key to seal with: from here on nothing else is needed.
    pub(in crate::backends) async fn ready(&self) -> Result<(), SealError> {
        match &self.0 {
            Some(vault) => vault.ready().await,
            None => Ok(()),
        }
    }

    /// Gives what bytes say.
    pub(in crate::backends) async fn opened(&self, raw: &[u8]) -> Result<Vec<u8>, SealError> {
        match &self.0 {
            Some(vault) => {
                vault.unlock(raw).await?;
                vault.open(raw)
            }
            None if is_sealed(raw) => Err(SealError::NoKey),
            None => Ok(raw.to_vec()),
        }
    }

    /// Gives the text of what stands at a place.
    pub(in crate::backends) async fn text(&self, raw: &[u8]) -> Result<String, SealError> {
        let bytes = self.opened(raw).await?;
        String::from_utf8(bytes).map_err(|_| SealError::Broken("it is not UTF-8".into()))
    }

    /// Gives the lines of a journal, each of which may be sealed; a last line that was cut short stays as it is.
    pub(in crate::backends) async fn lines(&self, raw: &str) -> Result<String, SealError> {
        let mut text = String::new();
        for line in raw.split_inclusive('\n') {
            match is_sealed(line.as_bytes()) {
                true => text += &self.text(line.as_bytes()).await?,
                // The state's own encryption says whether a journal may be in clear: it was written before or after it.
                false => text += line,
            }
        }
        Ok(text)
    }

    /// Gives the bytes that stand for a state.
    pub(in crate::backends) fn state<'n>(
        &self,
        next: &'n Next,
    ) -> Result<Cow<'n, [u8]>, SealError> {
        let Next { snapshot, text } = next;
        match &self.0 {
            Some(vault) => {
                let sealed =
                    vault.seal_state(text.as_bytes(), &snapshot.lineage, snapshot.serial)?;
                Ok(Cow::Owned(sealed))
            }
            None => Ok(Cow::Borrowed(text.as_bytes())),
        }
    }

    /// Gives the bytes that stand for lines of a journal.
    pub(in crate::backends) fn entries(&self, lines: &str) -> Result<Vec<u8>, SealError> {
        match &self.0 {
            Some(vault) => vault.seal(lines.as_bytes()),
            None => Ok(lines.as_bytes().to_vec()),
        }
    }
}
