//! The store's contract: every case runs on every database.
//!
//! A case takes a fresh store and is named after a sentence of the trait's documentation. Another
//! database is one more line at the end of this file.

mod accept;
mod books;
mod decide;
pub mod fixture;
mod imported;
mod jobs;
mod mirror;
mod moving;
mod operate;
mod outage;
mod papers;
mod people;
mod postgres;
mod read;
mod record;
mod reviews;
mod shared;
mod sqlite;
mod tls;

/// Runs the cases of each area on the stores that a factory makes.
macro_rules! cases {
    ($factory:path; $($area:ident: $($case:ident),* ;)*) => {$(
        mod $area {
            $(
                #[tokio::test]
                async fn $case() {
                    // A database that is not there has said so.
                    let Some(db) = $factory(stringify!($case)) else { return };
                    crate::store::$area::$case(db).await;
                }
            )*
        }
    )*};
}

macro_rules! contract {
    ($database:ident, $factory:path) => {
        mod $database {
            cases! { $factory;
                accept:
                    a_second_delivery_changes_nothing_and_gets_the_first_ones_id,
                    the_same_delivery_twice_in_one_call_is_one_event,
                    the_same_delivery_of_two_sources_is_two_events,
                    events_under_way_come_oldest_first,
                    what_arrived_reads_back_to_the_byte;
                decide:
                    every_decision_gets_the_next_number_without_a_gap,
                    an_event_that_is_no_longer_under_way_is_passed_over,
                    a_step_that_panics_costs_its_event_a_try_and_harms_no_other,
                    an_event_is_dead_after_five_tries,
                    an_impossible_plan_costs_a_try_and_leaves_no_trace,
                    each_step_sees_what_those_before_it_changed,
                    a_person_is_recognised_by_any_identity_and_the_newest_lead_is_shown,
                    news_meets_the_lead_it_is_about,
                    a_plan_without_a_decision_gets_no_number,
                    a_due_review_is_decided_and_replaced_by_its_plans,
                    a_review_that_would_keep_itself_is_removed,
                    a_review_that_panics_is_tried_later_and_never_let_go,
                    reviews_are_bounded_and_come_oldest_first,
                    lanes_with_due_work_are_woken,
                    a_large_batch_is_decided_in_order;
                jobs:
                    a_leased_job_is_not_given_twice_before_its_lease_ends,
                    a_claim_after_a_lapsed_lease_says_that_the_last_attempt_is_uncertain,
                    a_claim_after_attempts_were_counted_anew_says_that_the_last_one_is_uncertain,
                    the_smallest_rank_comes_first_then_the_oldest,
                    a_claim_is_about_one_kind_and_lane,
                    a_claim_says_when_the_next_job_is_due,
                    tells_to_one_person_come_together,
                    a_finished_job_is_deleted,
                    a_job_settled_at_an_older_revision_than_wanted_is_due_again,
                    a_lost_lease_cannot_settle,
                    an_attempt_is_fenced_after_its_attempts_were_counted_anew,
                    a_retry_costs_an_attempt_and_a_snooze_does_not,
                    a_dead_job_stays_with_its_reason_until_a_plan_wants_it_again,
                    what_was_written_comes_with_the_next_claim,
                    who_was_told_is_recorded,
                    news_from_acting_is_accepted_once,
                    a_plan_replaces_the_job_and_keeps_its_lease,
                    a_dropped_job_is_gone_and_a_leased_one_goes_when_it_settles,
                    a_job_that_is_buried_and_dropped_goes_when_its_lease_has_lapsed;
                people:
                    turns_floors_and_absences_read_back_to_the_bit,
                    open_leads_are_counted_by_rep,
                    a_failed_step_leaves_people_as_they_were;
                papers:
                    of_two_publishers_with_one_base_one_is_told_that_it_is_not_the_latest,
                    a_rulebook_that_ends_a_paper_is_published_once,
                    one_amendment_of_a_paper_follows_the_other,
                    papers_are_listed_by_name_without_their_bodies;
                operate:
                    a_redone_event_keeps_its_id_and_its_place_in_the_books,
                    retry_makes_a_dead_job_due_and_bury_ends_a_living_one,
                    a_hastened_job_is_due_with_its_attempts_and_a_review_never_is,
                    a_review_cannot_be_buried,
                    versions_are_numbered_from_one_without_a_gap,
                    a_token_name_is_used_once_and_a_revocation_stands,
                    a_sweep_empties_old_bodies_of_decided_fills_and_nothing_else,
                    a_swept_fill_cannot_be_redone,
                    it_is_ready,
                    one_change_of_a_document_follows_the_other,
                    a_document_that_is_left_alone_stays_as_it_is;
                read:
                    leads_are_filtered_and_paged,
                    a_lead_is_found_by_its_record_at_a_crm,
                    a_lead_tells_its_story,
                    events_are_filtered_and_paged,
                    decisions_come_in_order_and_paged,
                    a_page_has_at_most_five_hundred_rows;
                mirror:
                    an_account_that_comes_again_is_changed_not_doubled,
                    what_one_origin_brings_touches_no_others,
                    what_a_run_did_not_bring_is_retired_when_it_says_so,
                    accounts_come_in_the_order_of_bytes_and_paged;
                imported:
                    a_lead_that_is_imported_again_is_changed_not_doubled,
                    the_same_leads_in_any_order_and_parts_add_nothing,
                    what_is_imported_stands_in_no_book;
                record:
                    what_a_decision_saw_and_moved_reads_back_to_the_byte,
                    the_first_decision_with_a_record_after_one_without_has_people_kept_before_it;
                books:
                    the_books_balance_at_every_step,
                    fields_that_stay_empty_are_counted_in_a_row;
            }
        }
    };
}

contract!(sqlite_in_memory, crate::store::fixture::memory);
contract!(sqlite_in_a_file, crate::store::fixture::file);
contract!(postgres_database, crate::store::fixture::postgres);
