//! Who can own contacts in HubSpot, and giving contacts to them.
//!
//! Guarantees: an owner is written only after the record was read and found free, or made without
//! one; HubSpot has no conditional write, so between the two calls a person may still be
//! overwritten, for the length of one call. Owners are `id`s, never `userId`s.
//! Does not know: which owner a lead should have.

use super::{
    Hubspot,
    put::OWNER,
    wire::{Input, OwnerRow, Record, Verb, Wanted},
};
use crate::{
    crm::{Expect, Owner, OwnerSet, SetOwner, fields::Slots, owner::judge},
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
        let to_read = owners.iter().filter(|ask| ask.expect != Expect::New);
        let ids: Vec<&str> = to_read.map(|ask| ask.record.as_str()).collect();
        let wanted = Wanted { properties: &[OWNER], history: &[] };
        let records = if ids.is_empty() {
            Ok(Vec::new())
        } else {
            self.api.read(None, &ids, wanted, now).await
        };
        let mut slots = Slots::new(owners.len());
        let (mut inputs, mut waiting) = (Vec::new(), Vec::new());
        for (at, ask) in owners.iter().enumerate() {
            match self.look(ask, &records) {
                Ok(Some(answer)) => slots.answer(at, Ok(answer)),
                Err(failure) => slots.answer(at, Err(failure)),
                Ok(None) => {
                    inputs.push(Input {
                        id: ask.record.clone(),
                        id_property: None,
                        object_write_trace_id: at.to_string(),
                        properties: [(OWNER.to_owned(), ask.owner.clone())].into(),
                    });
                    waiting.push((at, ask));
                }
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

    /// What to answer without writing, by what was read.
    fn look(
        &self,
        ask: &SetOwner,
        read: &Result<Vec<Record>, Failure>,
    ) -> Result<Option<OwnerSet>, Failure> {
        if ask.expect == Expect::New {
            return Ok(None);
        }
        let records = read.as_ref().map_err(Clone::clone)?;
        let record = records.iter().find(|record| record.id == ask.record);
        let shown = record.ok_or(Failure::Gone)?.get(OWNER);
        Ok(judge(ask, shown, &self.settings.default_owners, |a, b| a == b))
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
