-- Whether a message stands for a row of ours.
SELECT
    EXISTS (SELECT 1 FROM commands WHERE command_id = 'cmd_' || substr(?1, 5))
    OR EXISTS (SELECT 1 FROM events WHERE event_id = 'ev_' || substr(?1, 5))
    OR EXISTS (SELECT 1 FROM jobs WHERE job_id = substr(?1, 5))
