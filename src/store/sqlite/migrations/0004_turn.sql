-- What a rotation shows of itself: shares, turns that went past somebody and why, caps of pools;
-- late leads by rep; absences that a calendar brought.
ALTER TABLE turn ADD COLUMN weight REAL NOT NULL DEFAULT 0; -- 0: as the rulebook says
ALTER TABLE turn ADD COLUMN entitled REAL NOT NULL DEFAULT 0;
ALTER TABLE turn ADD COLUMN skipped_away INTEGER NOT NULL DEFAULT 0;
ALTER TABLE turn ADD COLUMN skipped_off_hours INTEGER NOT NULL DEFAULT 0;
ALTER TABLE turn ADD COLUMN skipped_at_cap INTEGER NOT NULL DEFAULT 0;
ALTER TABLE turn ADD COLUMN skipped_had_it INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rotation ADD COLUMN hour_since INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rotation ADD COLUMN hour_leads INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rotation ADD COLUMN day_since INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rotation ADD COLUMN day_leads INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rotation ADD COLUMN week_since INTEGER NOT NULL DEFAULT 0;
ALTER TABLE rotation ADD COLUMN week_leads INTEGER NOT NULL DEFAULT 0;
ALTER TABLE open_lead ADD COLUMN late INTEGER NOT NULL DEFAULT 0;
ALTER TABLE away ADD COLUMN is_from_calendar INTEGER NOT NULL DEFAULT 0;
