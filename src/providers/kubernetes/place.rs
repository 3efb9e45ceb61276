//! Places inside an API object, as the tables write them: `service/port`, `rules/*/host`, and `containers[web]/env` for the
//! element of a list that is named so.

use serde_json::{Map, Value as Json, json};

/// Puts JSON at a place; what is an object there already is added to.
pub(super) fn put(object: &mut Map<String, Json>, place: &str, json: Json) {
    let Some((step, rest)) = place.split_once('/') else {
        match (object.get_mut(place), json) {
            (Some(Json::Object(there)), Json::Object(more)) => there.extend(more),
            (_, json) => {
                object.insert(place.into(), json);
            }
        }
        return;
    };
    let below = match named(step) {
        None => object.entry(step).or_insert_with(|| json!({})),
        Some((list, name)) => {
            let list = object.entry(list).or_insert_with(|| json!([{ "name": name }]));
            &mut list[0]
        }
    };
    if let Json::Object(below) = below {
        put(below, rest, json);
    }
}

/// Gives what stands at a place.
pub(super) fn at<'a>(object: &'a Json, place: &str) -> Option<&'a Json> {
    place.split('/').try_fold(object, |object, step| match named(step) {
        None => object.get(step),
        Some((list, name)) => {
            object.get(list)?.as_array()?.iter().find(|element| element["name"] == name)
        }
    })
}

/// Sets a value at each place that a pattern stands for, as far as the way there exists.
pub(super) fn fill(object: &mut Json, place: &str, value: &Json) {
    let (step, rest) = match place.split_once('/') {
        Some((step, rest)) => (step, Some(rest)),
        None => (place, None),
    };
    match (object, rest) {
        (Json::Array(elements), Some(rest)) if step == "*" => {
            elements.iter_mut().for_each(|element| fill(element, rest, value));
        }
        (Json::Object(fields), Some(rest)) => {
            if let Some(below) = fields.get_mut(step) {
                fill(below, rest, value);
            }
        }
        (Json::Object(fields), None) => {
            fields.insert(step.into(), value.clone());
        }
        _ => {}
    }
}

/// Gives the names of a place's steps, without what names an element.
pub(super) fn steps(place: &str) -> impl Iterator<Item = &str> {
    place.split('/').map(|step| named(step).map_or(step, |(list, _)| list))
}

fn named(step: &str) -> Option<(&str, &str)> {
    step.strip_suffix(']')?.split_once('[')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_put_at_a_place_is_found_there() {
        let mut object = Map::new();
        put(&mut object, "spec/containers[web]/env", json!([1]));
        put(&mut object, "spec", json!({ "a": 1 }));
        let object = Json::Object(object);

        assert_eq!(
            object,
            json!({ "spec": { "containers": [{ "name": "web", "env": [1] }], "a": 1 } })
        );
        assert_eq!(at(&object, "spec/containers[web]/env"), Some(&json!([1])));
        assert_eq!(at(&object, "spec/containers[db]/env"), None);
    }

    #[test]
    fn a_pattern_is_filled_where_its_way_exists() {
        let mut object = json!({ "rules": [{ "http": { "paths": [{}, {}] } }, {}] });

        fill(&mut object, "rules/*/http/paths/*/kind", &json!("x"));

        let paths = json!([{ "kind": "x" }, { "kind": "x" }]);
        assert_eq!(object, json!({ "rules": [{ "http": { "paths": paths } }, {}] }));
    }
}
