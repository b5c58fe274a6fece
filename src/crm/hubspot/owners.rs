//! Who can own contacts in HubSpot, and giving contacts to them.
//!
//! Guarantees: an owner is written only after the record was read and found free; HubSpot has no
//! conditional write, so between the two calls a person may still be overwritten, for the length
//! of one call. Owners are `id`s, never `userId`s.
//! Does not know: which owner a lead should have.

use super::{
    Hubspot,
    put::OWNER,
    wire::{Input, OwnerRow, Verb, Wanted},
};
use crate::{
    crm::{Owner, OwnerSet, SetOwner, fields::Slots, owner::judge},
    model::{failure::Failure, time::Time},
};

/// No account has more owners than this many pages of 100 hold.
const PAGES_MAX: usize = 100;

impl Hubspot {
    pub(super) async fn set_owners(
        &self,
        owners: &[SetOwner],
        now: Time,
    ) -> Vec<Result<OwnerSet, Failure>> {
        let ids: Vec<&str> = owners.iter().map(|ask| ask.record.as_str()).collect();
        let wanted = Wanted { properties: &[OWNER], history: &[] };
        let records = match self.api.read(None, &ids, wanted, now).await {
            Ok(records) => records,
            Err(failure) => return owners.iter().map(|_| Err(failure.clone())).collect(),
        };
        let mut slots = Slots::new(owners.len());
        let (mut inputs, mut waiting) = (Vec::new(), Vec::new());
        for (at, ask) in owners.iter().enumerate() {
            let Some(record) = records.iter().find(|record| record.id == ask.record) else {
                slots.answer(at, Err(Failure::Gone));
                continue;
            };
            let is_same = |a: &str, b: &str| a == b;
            let defaults = &self.settings.default_owners;
            if let Some(answer) = judge(ask, record.get(OWNER), defaults, is_same) {
                slots.answer(at, Ok(answer));
            } else {
                inputs.push(Input {
                    id: ask.record.clone(),
                    id_property: None,
                    object_write_trace_id: at.to_string(),
                    properties: [(OWNER.to_owned(), ask.owner.clone())].into(),
                });
                waiting.push((at, ask));
            }
        }
        let answers = self.api.write(Verb::Update, &inputs, now).await;
        for ((at, ask), answer) in waiting.into_iter().zip(answers) {
            let answer = answer.map(|_| OwnerSet::Done).map_err(|refusal| match refusal.failure {
                // The only property in the call is the owner.
                Failure::Refused { .. } => Failure::OwnerInvalid { owner: ask.owner.clone() },
                failure => failure,
            });
            slots.answer(at, answer);
        }
        slots.into_answers()
    }

    pub(super) async fn list_owners(&self, now: Time) -> Result<Vec<Owner>, Failure> {
        let mut owners = Vec::new();
        for is_archived in [false, true] {
            let mut after = None;
            for _ in 0..PAGES_MAX {
                let (rows, next) = self.api.owners(is_archived, 100, after.as_deref(), now).await?;
                owners.extend(rows.into_iter().map(|row| owner(row, !is_archived)));
                after = next;
                if after.is_none() {
                    break;
                }
            }
        }
        Ok(owners)
    }
}

fn owner(row: OwnerRow, is_active: bool) -> Owner {
    let name = format!("{} {}", row.first_name, row.last_name).trim().to_owned();
    Owner { id: row.id, email: row.email, name, is_active }
}
