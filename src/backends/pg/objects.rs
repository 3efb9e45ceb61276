//! The schema and the tables: Terraform's, under its names, and this program's own beside them.

use tokio_postgres::Client;
use tokio_postgres::error::SqlState;

use super::super::store::StoreError;
use super::session::failed;

/// Under this number, whoever makes tables keeps others of this program from making them at the same time.
const MAKING: i64 = -0x0074_6572_7261_6e65;

/// How the tables are named in SQL, and which of them may be made.
pub(super) struct Objects {
    pub(super) schema: String,
    pub(super) states: String,
    pub(super) journal: String,
    pub(super) locks: String,
    pub(super) history: String,
    pub(super) skip_schema: bool,
    pub(super) skip_tables: bool,
    pub(super) skip_index: bool,
}

/// An object that may be missing: what it is, the name to look for, the statement that makes it, and whether that is forbidden.
struct Part {
    what: String,
    name: String,
    make: String,
    skip: Option<&'static str>,
}

/// Quotes a name for SQL.
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('"', "\"\""))
}

impl Objects {
    /// Names the tables of a schema.
    pub(super) fn new(schema: &str) -> Objects {
        let schema = quoted(schema);
        let table = |name: &str| format!("{schema}.{name}");
        Objects {
            states: table("states"),
            journal: table("terrane_journal"),
            locks: table("terrane_locks"),
            history: table("terrane_history"),
            schema,
            skip_schema: false,
            skip_tables: false,
            skip_index: false,
        }
    }

    fn parts(&self) -> Vec<Part> {
        let Objects { schema, states, journal, locks, history, .. } = self;
        let tables = self.skip_tables.then_some("skip_table_creation");
        let table = |name: &str, columns: &str| Part {
            what: format!("table {name}"),
            name: name.to_string(),
            make: format!("CREATE TABLE IF NOT EXISTS {name} ({columns})"),
            skip: tables,
        };
        let index = Part {
            what: "index states_by_name".to_string(),
            name: format!("{schema}.states_by_name"),
            make: format!("CREATE UNIQUE INDEX IF NOT EXISTS states_by_name ON {states} (name)"),
            skip: self.skip_index.then_some("skip_index_creation"),
        };
        let sequence = Part {
            what: "sequence public.global_states_id_seq".to_string(),
            name: "public.global_states_id_seq".to_string(),
            make: "CREATE SEQUENCE IF NOT EXISTS public.global_states_id_seq AS bigint".to_string(),
            skip: tables,
        };
        vec![
            sequence,
            table(
                states,
                "id bigint NOT NULL DEFAULT nextval('public.global_states_id_seq') PRIMARY KEY, name text UNIQUE, data text",
            ),
            index,
            table(
                journal,
                "id bigserial PRIMARY KEY, name text NOT NULL, piece text NOT NULL, data bytea NOT NULL, UNIQUE (name, piece)",
            ),
            table(
                locks,
                "name text PRIMARY KEY, id text NOT NULL, number bigint NOT NULL, pid integer NOT NULL, \
                 started timestamptz, info text NOT NULL, beat timestamptz NOT NULL",
            ),
            table(
                history,
                "id bigserial PRIMARY KEY, name text NOT NULL, written timestamptz, sum text NOT NULL, data text NOT NULL",
            ),
        ]
    }

    /// Makes what is missing, as far as that is allowed. Where all is there, no right to make anything is needed.
    ///
    /// # Errors
    /// Something is missing and may not be made.
    pub(super) async fn make(&self, client: &mut Client) -> Result<(), StoreError> {
        let parts = self.parts();
        let error = |error| failed(&error);
        if missing(client, &parts).await.map_err(error)?.is_empty() {
            return Ok(());
        }
        let mut tries = 0;
        loop {
            match self.make_under_lock(client, &parts).await {
                // Terraform made the same in the same moment: then it is there at the next look.
                Err(Failure::Server(error)) if tries < 3 && is_race(&error) => tries += 1,
                Err(Failure::Server(error)) => return Err(failed(&error)),
                Err(Failure::Skipped(why)) => return Err(StoreError::Failed(why)),
                Ok(()) => return Ok(()),
            }
        }
    }

    async fn make_under_lock(&self, client: &mut Client, parts: &[Part]) -> Result<(), Failure> {
        let making = client.transaction().await?;
        making.execute("SELECT pg_advisory_xact_lock($1)", &[&MAKING]).await?;
        let schema = "SELECT to_regnamespace($1) IS NOT NULL";
        let there: bool = making.query_one(schema, &[&self.schema]).await?.get(0);
        if !there {
            let make = format!("CREATE SCHEMA IF NOT EXISTS {}", self.schema);
            let skip = self.skip_schema.then_some("skip_schema_creation");
            allowed(&format!("schema {}", self.schema), &make, skip)?;
            making.batch_execute(&make).await?;
        }
        for at in missing(making.client(), parts).await? {
            let part = &parts[at];
            allowed(&part.what, &part.make, part.skip)?;
            making.batch_execute(&part.make).await?;
        }
        Ok(making.commit().await?)
    }
}

enum Failure {
    Server(tokio_postgres::Error),
    Skipped(String),
}

impl From<tokio_postgres::Error> for Failure {
    fn from(error: tokio_postgres::Error) -> Failure {
        Failure::Server(error)
    }
}

fn allowed(what: &str, make: &str, skip: Option<&str>) -> Result<(), Failure> {
    match skip {
        None => Ok(()),
        Some(setting) => Err(Failure::Skipped(format!(
            "the {what} is missing, and {setting} says not to make it; make it with: {make}"
        ))),
    }
}

/// Finds the parts that are not there.
async fn missing(client: &Client, parts: &[Part]) -> Result<Vec<usize>, tokio_postgres::Error> {
    let names: Vec<&str> = parts.iter().map(|part| part.name.as_str()).collect();
    let look = "SELECT (at - 1)::bigint FROM unnest($1::text[]) WITH ORDINALITY AS part (name, at) \
                WHERE to_regclass(name) IS NULL ORDER BY at";
    let rows = client.query(look, &[&names]).await?;
    Ok(rows.iter().filter_map(|row| usize::try_from(row.get::<_, i64>(0)).ok()).collect())
}

fn is_race(error: &tokio_postgres::Error) -> bool {
    let races = [
        SqlState::UNIQUE_VIOLATION,
        SqlState::DUPLICATE_TABLE,
        SqlState::DUPLICATE_OBJECT,
        SqlState::DUPLICATE_SCHEMA,
    ];
    error.code().is_some_and(|code| races.contains(code))
}
