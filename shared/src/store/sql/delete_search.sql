DELETE FROM view_search
WHERE generation = ?1 AND pos IN (SELECT pos FROM view_search WHERE generation = ?1 ORDER BY pos LIMIT ?2 + 0)
