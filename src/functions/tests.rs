//! Cases of the functions, as data.

use super::{Environment, call, check_count, find, names};
use crate::value::{Type, Value};

fn run(name: &str, arguments: &[Value]) -> Result<Value, (String, String)> {
    let function = find(name).expect("a function");
    let result = call(function, arguments, &Environment::new("."));
    result.map_err(|error| error.describe(name, function))
}

fn text(text: &str) -> Value {
    Value::string(text)
}

#[test]
fn all_functions_have_a_row() {
    assert_eq!(names().len(), 118);
}

#[test]
fn a_wrong_argument_is_named() {
    let (summary, detail) = run("abs", &[text("x")]).expect_err("not a number");

    assert_eq!(summary, "Invalid function argument");
    assert_eq!(detail, "Invalid value for \"num\" parameter: a number is required.");
}

#[test]
fn a_missing_argument_is_named() {
    let replace = find("core::replace").expect("a function");

    let error = check_count(replace, "replace", 2).expect_err("too few");

    let wanted = "Function \"replace\" expects 3 argument(s). Missing value for \"replace\".";
    assert_eq!(error.describe("replace", replace).1, wanted);
}

#[test]
fn marks_of_arguments_stay_with_the_result() {
    let joined = run("upper", &[text("a").sensitive()]).expect("a text");

    assert!(joined.is_sensitive());
    assert_eq!(joined.as_str(), Some("A"));
}

#[test]
fn an_unknown_argument_gives_an_unknown_that_is_not_null() {
    let upper = run("upper", &[Value::unknown(Type::String)]).expect("a text");

    assert_eq!(upper, Value::unknown_not_null(Type::String));
}

#[test]
fn a_secret_does_not_stand_in_a_message() {
    let secret = text("geheim!").sensitive();

    let (_, detail) = run("base64decode", &[secret]).expect_err("not base 64");

    let wanted = "failed to decode base64 data (sensitive value).";
    assert_eq!(detail, format!("Call to function \"base64decode\" failed: {wanted}"));
}
