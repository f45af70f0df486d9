UPDATE commit_context
SET actor_type = ?1,
    actor_name = ?2,
    correlation_id = ?3,
    causation_id = ?4,
    traceparent = ?5,
    now = max(now, ?6),
    id_seed = ?7,
    n = 0
