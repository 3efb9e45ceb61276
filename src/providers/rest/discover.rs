//! Finds what a project has of a type, by LIST.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value as Json;

use crate::http::pace;
use crate::providers::{ApiError, Discovered};
use crate::value::Value;

use super::api::Ask;
use super::codec::last_segment;
use super::json;
use super::mask;
use super::minimal::above;
use super::session::{RestSession, is_gone};
use super::spec::{Own, Spec};
use super::template::text_at;

/// Where objects of a type are listed: what is known of them before, and what they are below.
struct Place {
    base: Value,
    above: Option<Value>,
}

impl RestSession {
    /// Lists the objects of a type, those of a service's own apart.
    ///
    /// # Errors
    /// What a service answered instead.
    pub(super) async fn discovered(
        &self,
        spec: &Spec,
        empty: &Value,
        parents: &BTreeMap<String, Vec<Value>>,
    ) -> Result<Discovered, ApiError> {
        let mut discovered = Discovered::default();
        let mut seen = BTreeSet::new();
        let places = self.places(spec, empty, parents).await?;
        let lists: Vec<_> = places.iter().map(|place| self.objects_at(spec, place)).collect();
        let lists = pace::all(&self.api.pace, lists).await;
        for (place, objects) in places.iter().zip(lists) {
            let objects: Vec<Json> = objects?;
            let hook = self.catalog.hook(spec);
            for object in objects.into_iter().flat_map(|element| hook.apart(element)) {
                let value = self.decoded(spec, &object, Some(&based(spec, &place.base, &object)));
                if let Some(own) = own(spec, &object, place.above.as_ref()) {
                    let name = text_at(&value, "name").or_else(|| text_at(&value, "id"));
                    discovered.left.push((name.unwrap_or_default(), own.why.clone()));
                    continue;
                }
                let gone = spec.read.as_ref().is_some_and(|call| is_gone(call, &object));
                let id = spec.import.iter().find_map(|form| form.from_value(&value));
                if let Some(id) = id.filter(|id| !gone && seen.insert(id.clone())) {
                    discovered.found.push((id, value));
                }
            }
        }
        Ok(discovered)
    }

    /// Gives where a type's objects are listed: once, in each location, or below each of what they are inside of.
    async fn places(
        &self,
        spec: &Spec,
        empty: &Value,
        parents: &BTreeMap<String, Vec<Value>>,
    ) -> Result<Vec<Place>, ApiError> {
        let base = self.located(spec, empty);
        // What a block must say of its project is looked for in the provider's.
        let project = base.field("project").filter(|project| project.is_null());
        let base = match project.and_then(|_| self.defaults.fill("project")) {
            Some(project) => base.with_field("project", project.clone()),
            None => base,
        };
        let below = above(spec);
        if !below.is_empty() {
            let mut places = Vec::new();
            for (type_name, template) in &below {
                for parent in parents.get(type_name).into_iter().flatten() {
                    let names = text_at(parent, "id").and_then(|id| template.take_apart(&id));
                    let fields = names.into_iter().flatten();
                    let base = fields.fold(base.clone(), |base, (name, text)| {
                        base.with_field(&name, Value::string(text))
                    });
                    places.push(Place { base, above: Some(parent.clone()) });
                }
            }
            return Ok(places);
        }
        let Some(locations) = spec.discover.as_ref().and_then(|found| found.places.as_ref()) else {
            return Ok(vec![Place { base, above: None }]);
        };
        let path = locations.from_value(&base).unwrap_or_default();
        let ask =
            Ask::get(&spec.service, path, format!("listing the places of {}", spec.type_name));
        let names = self.api.list(&ask, "locations").await?;
        let names = names.iter().filter_map(|place| place.get("locationId").and_then(Json::as_str));
        let at = |name| base.with_field("location", Value::string(name));
        Ok(names.map(|name| Place { base: at(name), above: None }).collect())
    }

    async fn objects_at(&self, spec: &Spec, place: &Place) -> Result<Vec<Json>, ApiError> {
        let own = spec.discover.as_ref().and_then(|discover| discover.list.as_ref());
        let usual = spec.list.as_ref().map(|list| (&list.call, list.items.as_str()));
        let Some((call, items)) = own.map(|(call, items)| (call, items.as_str())).or(usual) else {
            return Ok(Vec::new());
        };
        let ask =
            self.ask(spec, call, &place.base, None, &format!("listing {}", spec.type_name))?;
        let aggregated = spec.discover.as_ref().is_some_and(|discover| discover.aggregated);
        let ask = mask::masked(ask, spec, items, aggregated);
        if !aggregated {
            return Ok(self.api.list(&ask, items).await?);
        }
        let scopes = self.api.list_scopes(&ask).await?;
        let wanted = if spec.part("zone").is_some() { "zones/" } else { "regions/" };
        let lists = scopes.into_iter().filter(|(scope, _)| scope.starts_with(wanted));
        let lists = lists.filter_map(|(_, scope)| scope.get(items)?.as_array().cloned());
        Ok(lists.flatten().collect())
    }
}

/// Fills in what the service does not tell but where the object is: by its full name, and by its location.
fn based(spec: &Spec, base: &Value, object: &Json) -> Value {
    let text = |member: &str| object.get(member).and_then(Json::as_str);
    let mut forms = std::iter::once(&spec.id).chain(&spec.import);
    let named = text("name").filter(|name| name.contains('/'));
    let named = named.and_then(|name| forms.find_map(|form| form.take_apart(name)));
    let named = named.unwrap_or_default();
    let project = |(name, _): &(String, String)| name != "project";
    let located = ["location", "region", "zone"]
        .into_iter()
        .filter_map(|name| Some((name.to_string(), last_segment(text(name)?).to_string())));
    named.into_iter().filter(project).chain(located).fold(base.clone(), |base, (name, text)| {
        match spec.part(&name) {
            Some(_) => base.with_field(&name, Value::string(text)),
            None => base,
        }
    })
}

/// Gives the rule by which an object is a service's own.
fn own<'a>(spec: &'a Spec, object: &Json, above: Option<&Value>) -> Option<&'a Own> {
    let told = |member: &str| json::dotted(object, member).and_then(Json::as_str);
    let text = |member: &str| told(member).unwrap_or_default();
    spec.discover.as_ref()?.own.iter().find(|rule| {
        let found = text(&rule.member);
        if !rule.member.is_empty() && told(&rule.member).is_none() {
            return false;
        }
        let like = rule.like.as_ref().is_none_or(|like| like.is_match(found));
        let same = rule.same.iter().all(|(member, attribute)| {
            above.and_then(|above| text_at(above, attribute)).as_deref() == Some(text(member))
        });
        let names = rule.names.as_ref().is_none_or(|member| {
            let links = object.get(member).and_then(Json::as_array).into_iter().flatten();
            links.filter_map(Json::as_str).any(|link| last_segment(link) == found)
        });
        let below = rule.below.as_ref().is_none_or(|attribute| {
            above.and_then(|above| above.field(attribute)?.as_bool()) == Some(true)
        });
        like && same && names && below
    })
}
