//! The parameters of a request.

use serde_json::{Map, Value};

use super::error::ParameterError;

/// The parameters of a request. Only those that were set are sent, because the API rejects unknown ones.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Parameters(pub Map<String, Value>);

impl Parameters {
    /// Parameters with a prompt.
    pub fn with_prompt(prompt: impl Into<String>) -> Self {
        let mut parameters = Self::default();
        parameters.set("prompt", prompt.into());
        parameters
    }

    pub fn set(&mut self, name: impl Into<String>, value: impl Into<Value>) {
        self.0.insert(name.into(), value.into());
    }

    /// Adds a value to a list.
    pub fn push(&mut self, name: &str, value: impl Into<Value>) {
        let list = self.0.entry(name).or_insert_with(|| Value::Array(vec![]));
        match list {
            Value::Array(list) => list.push(value.into()),
            // The caller set the parameter to another type by its name.
            _ => *list = Value::Array(vec![value.into()]),
        }
    }

    pub fn contains(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// Checks that a number is in range, if it is set.
    pub fn check_range(
        &self,
        name: &'static str,
        min: f64,
        max: f64,
    ) -> Result<(), ParameterError> {
        self.0
            .get(name)
            .map_or(Ok(()), |value| check_range(name, value, min, max))
    }

    /// Checks that there is a prompt of at most `max` characters.
    pub fn check_prompt(&self, max: usize) -> Result<(), ParameterError> {
        let name = "prompt";
        let prompt = self.0.get(name).and_then(Value::as_str);
        match prompt.unwrap_or_default().chars().count() {
            0 => Err(ParameterError::Missing { name }),
            characters if characters > max => Err(ParameterError::TooLong {
                name,
                characters,
                max,
            }),
            _ => Ok(()),
        }
    }
}

/// Checks that a value is a number in range.
pub(super) fn check_range(
    name: &'static str,
    value: &Value,
    min: f64,
    max: f64,
) -> Result<(), ParameterError> {
    let number = value.as_f64();
    if number.is_some_and(|number| (min..=max).contains(&number)) {
        return Ok(());
    }
    Err(ParameterError::OutOfRange {
        name,
        value: value.to_string(),
        min,
        max,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn range_includes_its_limits() {
        let mut parameters = Parameters::default();
        assert!(parameters.check_range("n", 1.0, 2.0).is_ok());
        for (value, is_valid) in [(1.0, true), (2.0, true), (0.9, false), (2.1, false)] {
            parameters.set("n", value);
            let result = parameters.check_range("n", 1.0, 2.0);
            assert_eq!(result.is_ok(), is_valid, "{value}");
        }
        parameters.set("n", "1");
        assert!(parameters.check_range("n", 1.0, 2.0).is_err());
        parameters.set("n", f64::NAN);
        assert!(parameters.check_range("n", 1.0, 2.0).is_err());
    }

    #[test]
    fn push_replaces_a_value_that_is_not_a_list() {
        let mut parameters = Parameters::default();
        parameters.set("list", "text");
        parameters.push("list", 1);
        parameters.push("list", 2);
        assert_eq!(parameters.0["list"], serde_json::json!([1, 2]));
    }
}
