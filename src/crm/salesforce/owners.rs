//! Who can own leads in Salesforce, and giving leads to them.
//!
//! Guarantees: an owner is written only after the record was read and found free; our own user's
//! leads count as nobody's. Between the read and the write a person may still be overwritten, for
//! the length of one call. A converted lead belongs to whoever converted it.
//! Does not know: which owner a lead should have, queues.

use serde_json::Value;

use super::{
    Salesforce,
    soql::{is_id, is_same_id, list},
    wire::{Row, text},
};
use crate::{
    crm::{Owner, OwnerSet, SetOwner, fields::Slots, owner::judge},
    model::{failure::Failure, time::Time},
};

impl Salesforce {
    pub(super) async fn set_owners(
        &self,
        owners: &[SetOwner],
        now: Time,
    ) -> Vec<Result<OwnerSet, Failure>> {
        let (rows, defaults) = match self.owners_now(owners, now).await {
            Ok(both) => both,
            Err(failure) => return owners.iter().map(|_| Err(failure.clone())).collect(),
        };
        let mut slots = Slots::new(owners.len());
        let (mut updates, mut waiting) = (Vec::new(), Vec::new());
        for (at, ask) in owners.iter().enumerate() {
            let is_it = |row: &&Row| text(row, "Id").is_some_and(|id| is_same_id(id, &ask.record));
            let Some(row) = rows.iter().find(is_it) else {
                slots.answer(at, Err(Failure::Gone));
                continue;
            };
            let owner = text(row, "OwnerId");
            if row.get("IsConverted") == Some(&Value::Bool(true)) {
                let now = owner.map(str::to_owned);
                slots.answer(at, Ok(OwnerSet::Changed { now }));
                continue;
            }
            if let Some(answer) = judge(ask, owner, &defaults, is_same_id) {
                slots.answer(at, Ok(answer));
            } else {
                let fields = Row::from_iter([("OwnerId".to_owned(), ask.owner.clone().into())]);
                updates.push((ask.record.as_str(), fields));
                waiting.push((at, ask));
            }
        }
        let answers = self.api.update(&updates, now).await;
        for ((at, ask), answer) in waiting.into_iter().zip(answers) {
            let answer = answer.map(|()| OwnerSet::Done).map_err(|failure| match failure {
                Failure::OwnerInvalid { .. } => Failure::OwnerInvalid { owner: ask.owner.clone() },
                failure => failure,
            });
            slots.answer(at, answer);
        }
        slots.into_answers()
    }

    /// The leads as they are, and the owners that count as nobody.
    async fn owners_now(
        &self,
        owners: &[SetOwner],
        now: Time,
    ) -> Result<(Vec<Row>, Vec<String>), Failure> {
        let ids: Vec<&str> =
            owners.iter().map(|ask| ask.record.as_str()).filter(|id| is_id(id)).collect();
        let query = |ids: &[&str]| {
            format!(
                "SELECT Id, OwnerId, IsConverted FROM Lead WHERE Id IN {}",
                list(ids.iter().copied())
            )
        };
        let queries: Vec<String> = ids.chunks(100).map(query).collect();
        let rows = self.api.query(&queries, now).await?.into_iter().flatten().collect();
        let session = self.api.sessions.get(&self.api.outbound, now).await?;
        let defaults = self.settings.default_owners.iter().cloned().chain(session.user).collect();
        Ok((rows, defaults))
    }

    pub(super) async fn list_owners(&self, now: Time) -> Result<Vec<Owner>, Failure> {
        let soql = "SELECT Id, Email, Name, IsActive FROM User WHERE UserType = 'Standard'";
        let rows = self.api.query_all(soql, now).await?;
        let owner = |row: &Row| {
            let field = |name| text(row, name).unwrap_or_default().to_owned();
            Owner {
                id: field("Id"),
                email: field("Email"),
                name: field("Name"),
                is_active: row.get("IsActive") == Some(&Value::Bool(true)),
            }
        };
        Ok(rows.iter().map(owner).collect())
    }
}
