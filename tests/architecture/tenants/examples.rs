//! Statements that name their tenant, and statements that do not.

use super::schema::Tables;
use super::statements::unnamed;

/// Tables for the statements below.
fn examples() -> Tables {
    Tables::made_by(["CREATE TABLE t (team_id, project_id, id, x); CREATE TABLE u (team_id, project_id, id);
        CREATE TABLE teams (team_id); CREATE TABLE free (x); CREATE VIRTUAL TABLE words USING fts5 (scope, body);"])
}

#[test]
fn statements_that_name_their_tenant_pass() {
    for sql in [
        "SELECT x FROM t WHERE team_id = ?1 AND project_id = ?2 -- OR true",
        "SELECT x FROM t AS a WHERE (?2 IS NULL OR a.project_id = ?2) AND (a.team_id = ?1 AND x BETWEEN 1 AND 2)",
        "SELECT x FROM t WHERE (team_id, project_id, id) = (?1, ?2, ?3) OR team_id = '' AND project_id = ''",
        "SELECT x FROM t WHERE +team_id = ?1 AND project_id IN ('', ?2)",
        "SELECT x FROM t WHERE team_id = ?1 AND project_id IS NULL UNION ALL SELECT x FROM free",
        "SELECT 1 FROM u AS a JOIN t AS b ON b.team_id = a.team_id AND b.project_id = a.project_id
            WHERE a.team_id = ?1 AND a.project_id = ?2",
        "SELECT 1 FROM u JOIN t USING (team_id, project_id) WHERE u.team_id = ?1 AND t.project_id = ?2",
        "SELECT 1 FROM u LEFT JOIN t AS a ON a.team_id = u.team_id AND a.project_id = u.project_id
            WHERE u.team_id = ?1 AND u.project_id = ?2",
        "SELECT (SELECT x FROM t WHERE t.team_id = u.team_id AND t.project_id = u.project_id AND id = u.id)
            FROM u WHERE team_id = ?1 AND project_id = ?2",
        "SELECT x FROM json_each(?3) AS wanted CROSS JOIN t
            WHERE t.id = wanted.value AND team_id = ?1 AND project_id = ?2",
        "WITH a AS (SELECT id FROM u WHERE team_id = ?1 AND project_id = ?2)
            DELETE FROM t WHERE id IN (SELECT id FROM a) AND team_id = ?1 AND project_id = ?2",
        "UPDATE t AS a SET x = (SELECT x FROM free) FROM json_each(?3) AS b WHERE a.team_id = ?1 AND a.project_id = ?2",
        "INSERT INTO t (team_id, project_id, x) SELECT ?1, ?2, x FROM free WHERE true ON CONFLICT DO NOTHING",
        "INSERT INTO t (team_id, project_id, id) VALUES (?1, ?2, ?3)
            ON CONFLICT (team_id, project_id, id) DO UPDATE SET x = 1",
        "INSERT INTO t (team_id, project_id, id) VALUES (?1, ?2, ?3) ON CONFLICT (id) DO UPDATE SET x = excluded.x
            WHERE t.team_id = excluded.team_id AND t.project_id = excluded.project_id RETURNING id",
        "INSERT INTO teams (team_id) VALUES (?1)",
        "SELECT body FROM words JOIN t ON t.id = words.rowid
            WHERE words MATCH ?3 AND t.team_id = ?1 AND t.project_id = ?2",
        "INSERT INTO words (rowid, scope, body) VALUES (?1, ?2, ?3)",
    ] {
        assert_eq!(unnamed(sql, &examples(), &[]), Vec::<String>::new(), "{sql}");
    }
}

#[test]
fn statements_that_do_not_are_found() {
    for (sql, found) in [
        ("SELECT x FROM t", "t AS t by no team_id and no project_id"),
        ("SELECT x FROM t WHERE team_id = ?1", "t AS t by no project_id"),
        ("SELECT x FROM t WHERE team_id = ?1 OR project_id = ?2", "t AS t by no team_id and no project_id"),
        ("SELECT x FROM t WHERE project_id = ?2 AND NOT team_id = ?1", "t AS t by no team_id"),
        ("SELECT x FROM t WHERE project_id = ?2 AND team_id <> ?1", "t AS t by no team_id"),
        ("SELECT x FROM t WHERE project_id = ?2 AND (?1 IS NULL OR team_id = ?1)", "t AS t by no team_id"),
        ("SELECT x FROM t WHERE team_id = ?1 AND (?3 IS NULL OR project_id = ?2)", "t AS t by no project_id"),
        ("SELECT x FROM t WHERE team_id = ?1 AND project_id = coalesce(?2, project_id)", "t AS t by no project_id"),
        ("SELECT x FROM t WHERE team_id = ?1 -- AND project_id = ?2", "t AS t by no project_id"),
        ("SELECT x FROM t WHERE team_id = ?1 AND x = ' AND project_id = ?2'", "t AS t by no project_id"),
        ("SELECT x FROM t AS a WHERE t.team_id = ?1 AND a.project_id = ?2", "t AS a by no team_id"),
        ("SELECT x FROM t WHERE team_id = team_id AND project_id = ?2", "t AS t by no team_id"),
        // The condition of the outer query says nothing of the inner one, and the other way round.
        (
            "SELECT (SELECT max(id) FROM u WHERE id = t.id) FROM t WHERE team_id = ?1 AND project_id = ?2",
            "u AS u by no team_id and no project_id",
        ),
        (
            "DELETE FROM t WHERE id IN (SELECT id FROM u WHERE team_id = ?1 AND project_id = ?2)",
            "t AS t by no team_id and no project_id",
        ),
        (
            "SELECT 1 FROM t WHERE EXISTS (SELECT 1 FROM free WHERE t.team_id = ?1 AND t.project_id = ?2)",
            "t AS t by no team_id and no project_id",
        ),
        ("SELECT x FROM u, t WHERE u.team_id = ?1 AND u.project_id = ?2", "t AS t by no team_id and no project_id"),
        (
            "SELECT 1 FROM t
                LEFT JOIN u ON u.team_id = ?1 AND u.project_id = ?2 AND t.team_id = ?1 AND t.project_id = ?2",
            "t AS t by no team_id and no project_id",
        ),
        ("UPDATE t SET x = 1 WHERE id = ?1 AND project_id = ?2", "t AS t by no team_id"),
        ("WITH a AS (SELECT x FROM main.t) SELECT x FROM a", "t AS t by no team_id and no project_id"),
        ("INSERT INTO t (team_id, x) VALUES (?1, ?2)", "INSERT INTO t without project_id"),
        ("INSERT INTO free (x) SELECT x FROM t WHERE team_id = ?1", "t AS t by no project_id"),
        (
            "INSERT INTO t (team_id, project_id, id) VALUES (?1, ?2, ?3) ON CONFLICT (id) DO UPDATE SET x = 1",
            "t AS t by no team_id and no project_id",
        ),
        ("SELECT body FROM words WHERE words MATCH ?1 AND rowid = ?2", "words AS words by no rowid"),
        ("INSERT INTO words (rowid, body) VALUES (?1, ?2)", "INSERT INTO words without scope"),
    ] {
        assert_eq!(unnamed(sql, &examples(), &[]), [found], "{sql}");
    }
    let claims = "UPDATE t SET x = 1 WHERE id IN (SELECT id FROM t WHERE x = 0)";
    assert_eq!(unnamed(claims, &examples(), &["t"]), Vec::<String>::new());
}
