//! stub
use std::collections::BTreeMap;
use super::*;
use crate::model::{field::Fields, news::Known};
pub struct FactSource<'a> { pub fields: &'a Fields, pub source: &'a str, pub intent: Option<&'a str>, pub known: &'a BTreeMap<String, Known> }
pub struct Mapped { pub values: BTreeMap<String, serde_json::Value>, pub unfilled: Vec<String> }
impl Rulebook {
  pub fn facts(&self, _: &FactSource<'_>) -> condition::Facts { condition::Facts::new(&self.schema) }
  pub fn map(&self, _: &str, _: &serde_json::Value) -> Mapped { todo!() }
  pub fn intent_of(&self, _: &str, _: Option<&str>) -> Option<&str> { None }
  pub fn stronger(&self, a: Option<&str>, b: Option<&str>) -> bool { let p=|x:Option<&str>| x.and_then(|x| self.intents.iter().position(|i| i==x)).map_or(-1, |p| p as i64); p(a)>p(b) }
}
impl Rule { pub fn sentence(&self, _: &Rulebook) -> String { String::new() } }
