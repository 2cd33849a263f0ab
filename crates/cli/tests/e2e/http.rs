use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::support::{demo_city, jingwei};

/// A server that ends with the test process.
pub struct Server {
    child: Child,
    address: String,
}

impl Server {
    pub fn start(project: &std::path::Path) -> Self {
        let server = jingwei(project, &["serve", "--port", "0"]);
        // The shell ends the server when its own input ends, which is when this process does, however it does.
        let mut child = std::process::Command::new("sh")
            .args(["-c", r#""$0" "$@" </dev/null & server=$!; exec 2>/dev/null; cat >/dev/null; kill $server"#])
            .arg(server.get_program())
            .args(server.get_args())
            .env_remove("JINGWEI_PROJECT")
            .env("JINGWEI_LOG", "error")
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut line = String::new();
        let mut lines = BufReader::new(child.stderr.take().unwrap());
        while !line.contains("serving http://") {
            line.clear();
            assert_ne!(lines.read_line(&mut line).unwrap(), 0, "the server did not start");
        }
        let address = line.split("http://").nth(1).unwrap().split(',').next().unwrap().to_owned();
        // What it says later must not fill the pipe.
        std::thread::spawn(move || std::io::copy(&mut lines, &mut std::io::sink()));
        Self { child, address }
    }

    /// Status, headers and body of one request.
    pub fn ask(&self, method: &str, path: &str, accept: &str, body: &str) -> (u16, String, String) {
        let mut stream = TcpStream::connect(&self.address).unwrap();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nHost: {}\r\nAccept: {accept}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
            self.address,
            body.len()
        )
        .unwrap();
        let mut bytes = Vec::new();
        stream.read_to_end(&mut bytes).unwrap();
        let split = bytes.windows(4).position(|window| window == b"\r\n\r\n").unwrap();
        let head = String::from_utf8(bytes[..split].to_vec()).unwrap().to_ascii_lowercase();
        let body = bytes[split + 4..].to_vec();
        let body = if head.contains("transfer-encoding: chunked") { dechunk(&body) } else { body };
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        (status, head, String::from_utf8_lossy(&body).into_owned())
    }

    pub fn sql(&self, accept: &str, body: &Value) -> (u16, String, String) {
        self.ask("POST", "/v1/sql", accept, &body.to_string())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

fn dechunk(mut bytes: &[u8]) -> Vec<u8> {
    let mut whole = Vec::new();
    while let Some(end) = bytes.windows(2).position(|window| window == b"\r\n") {
        let size = usize::from_str_radix(std::str::from_utf8(&bytes[..end]).unwrap().trim(), 16).unwrap();
        if size == 0 {
            break;
        }
        whole.extend_from_slice(&bytes[end + 2..end + 2 + size]);
        bytes = &bytes[end + 2 + size + 2..];
    }
    whole
}

/// One server over the demo city, for all tests.
pub fn server() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    SERVER.get_or_init(|| Server::start(demo_city()))
}

#[test]
fn the_server_is_live_and_ready_and_names_its_snapshot() {
    assert_eq!(server().ask("GET", "/health/live", "*/*", "").0, 200);
    let (status, _, body) = server().ask("GET", "/health/ready", "*/*", "");
    assert_eq!((status, serde_json::from_str::<Value>(&body).unwrap()["snapshot"].clone()), (200, json!(1)));
}

#[test]
fn sql_answers_in_every_format_with_bound_parameters() {
    let question = json!({"sql": "SELECT $a + 1 AS n, $b AS t", "params": {"a": 41, "b": "x';--"}});
    let (status, head, body) = server().sql("application/json", &question);
    assert_eq!(status, 200, "{body}");
    assert_eq!(serde_json::from_str::<Value>(&body).unwrap(), json!([{"n": 42, "t": "x';--"}]));
    assert!(head.contains("jingwei-snapshot: 1") && head.contains("etag:"));
    assert_eq!(server().sql("application/x-ndjson", &question).2, "{\"n\":42,\"t\":\"x';--\"}\n");
    assert_eq!(server().sql("text/csv", &question).2, "n,t\n42,x';--\n");
    assert!(
        server()
            .sql("application/vnd.apache.arrow.stream", &question)
            .1
            .contains("content-type: application/vnd.apache.arrow.stream")
    );
    let geo = server().sql("application/geo+json", &json!({"sql": "SELECT id, geom FROM land LIMIT 2"}));
    assert_eq!(serde_json::from_str::<Value>(&geo.2).unwrap()["features"].as_array().unwrap().len(), 2);
}

#[test]
fn an_answer_names_the_tables_and_versions_it_was_read_from() {
    let (_, head, _) =
        server().sql("*/*", &json!({"sql": "SELECT count(*) FROM people p JOIN relations r ON r.from_id = p.id"}));
    assert!(head.contains("jingwei-tables: base.people@") && head.contains("base.relations@"), "{head}");
}

#[test]
fn a_large_answer_is_streamed_whole_and_a_limit_is_kept() {
    let sql = "SELECT a.value AS a, b.value AS b FROM generate_series(1, 1000) a CROSS JOIN generate_series(1, 300) b";
    let (status, _, body) = server().sql("text/csv", &json!({"sql": sql}));
    assert_eq!((status, body.lines().count()), (200, 300_001));
    let (_, _, body) = server().sql("text/csv", &json!({"sql": sql, "limit": 7}));
    assert_eq!(body.lines().count(), 8);
}

#[test]
fn wrong_sql_is_a_problem_with_its_place() {
    let (status, head, body) = server().sql("*/*", &json!({"sql": "SELECT nam\nFROM people"}));
    let problem: Value = serde_json::from_str(&body).unwrap();
    assert_eq!(status, 400);
    assert!(head.contains("application/problem+json"));
    assert_eq!(
        (problem["code"].clone(), problem["line"].clone(), problem["column"].clone()),
        (json!("sql_plan"), json!(1), json!(8))
    );
    let (status, _, body) = server().sql("*/*", &json!({"sql": "SELEC 1"}));
    assert_eq!((status, serde_json::from_str::<Value>(&body).unwrap()["code"].clone()), (400, json!("sql_syntax")));
}

#[test]
fn nothing_but_reading_is_allowed() {
    for sql in [
        "DROP TABLE people",
        "CREATE TABLE x AS SELECT 1",
        "INSERT INTO people SELECT * FROM people",
        "COPY people TO '/tmp/x.csv'",
        "SET datafusion.execution.batch_size = 1",
        "CREATE EXTERNAL TABLE x STORED AS CSV LOCATION '/etc/passwd'",
    ] {
        let (status, _, body) = server().sql("*/*", &json!({"sql": sql}));
        assert_eq!(
            (status, serde_json::from_str::<Value>(&body).unwrap()["code"].clone()),
            (403, json!("sql_read_only")),
            "{sql}: {body}"
        );
    }
    let (status, _, _) = server().sql("*/*", &json!({"sql": "SELECT * FROM '/etc/passwd'"}));
    assert_eq!(status, 400);
}

#[test]
fn a_query_that_takes_too_long_is_ended_and_the_server_lives() {
    // The side that is kept is small: however fast the machine is, time ends before memory does.
    let endless = "SELECT count(*) FROM generate_series(1, 1000) a CROSS JOIN generate_series(1, 100000000000) b WHERE a.value % 7 = b.value % 11";
    let (status, _, body) = server().sql("*/*", &json!({"sql": endless, "timeout_s": 1}));
    assert_eq!((status, serde_json::from_str::<Value>(&body).unwrap()["code"].clone()), (408, json!("sql_timeout")));
    assert_eq!(server().ask("GET", "/health/live", "*/*", "").0, 200);
}

#[test]
fn a_query_that_takes_too_much_memory_is_ended_and_the_server_lives() {
    let large = "SELECT count(*) FROM generate_series(1, 1000000000) a JOIN generate_series(1, 1000000000) b ON a.value % 1000000007 = b.value";
    let (status, _, body) = server().sql("*/*", &json!({"sql": large}));
    assert_eq!((status, serde_json::from_str::<Value>(&body).unwrap()["code"].clone()), (413, json!("sql_limit")));
    assert_eq!(server().ask("GET", "/health/live", "*/*", "").0, 200);
}

#[test]
fn a_join_that_never_ends_is_ended_and_others_are_answered_meanwhile() {
    // Small tables: all their rows are in memory at once, and nothing ever waits for a disk.
    let from = (0..8).map(|number| format!("events e{number}")).collect::<Vec<_>>().join(", ");
    let endless = json!({"sql": format!("SELECT sum(length(e0.id)) FROM {from}"), "timeout_s": 2});
    std::thread::scope(|scope| {
        let asked = (0..4).map(|_| scope.spawn(|| server().sql("*/*", &endless))).collect::<Vec<_>>();
        assert_eq!(server().ask("GET", "/health/live", "*/*", "").0, 200);
        for answer in asked {
            let (status, _, body) = answer.join().unwrap();
            assert_eq!(status, 408, "{body}");
        }
    });
    assert_eq!(server().sql("*/*", &json!({"sql": "SELECT count(*) FROM people"})).0, 200);
}

#[test]
fn an_answer_for_other_parameters_is_not_taken_for_the_known_one() {
    let ask = |value: i64, known: &str| {
        let accept = format!("application/json\r\nIf-None-Match: {known}");
        server().sql(&accept, &json!({"sql": "SELECT $a AS a, $b AS b", "params": {"a": value, "b": "x"}}))
    };
    let (_, head, _) = ask(1, "\"none\"");
    let tag = head.lines().find_map(|line| line.strip_prefix("etag: ")).unwrap().to_owned();
    assert_eq!(ask(1, &tag).0, 304);
    let (status, _, body) = ask(2, &tag);
    assert_eq!((status, body.as_str()), (200, "[{\"a\":2,\"b\":\"x\"}]"));
}

#[test]
fn a_plan_is_shown_and_a_misspelled_table_is_told_the_nearest() {
    for sql in ["EXPLAIN SELECT * FROM people", "EXPLAIN ANALYZE SELECT count(*) FROM people", "DESCRIBE people"] {
        let (status, _, body) = server().sql("*/*", &json!({"sql": sql}));
        assert_eq!(status, 200, "{sql}: {body}");
    }
    for (sql, word) in [
        ("SELECT 1 FROM peple", "`people`"),
        ("SELECT 1 FROM clean.hukuo", "`clean.hukou`"),
        ("SELECT $missing", "params"),
        ("SELECT nothing_like_it FROM clean.hukou", "_record"),
    ] {
        let (status, _, body) = server().sql("*/*", &json!({"sql": sql}));
        let hint = serde_json::from_str::<Value>(&body).unwrap()["hint"].as_str().unwrap_or_default().to_owned();
        assert!(status == 400 && hint.contains(word), "{sql}: {body}");
    }
}

#[test]
fn a_format_that_nobody_gives_is_406_and_a_path_that_is_not_there_404() {
    assert_eq!(server().sql("image/png", &json!({"sql": "SELECT 1"})).0, 406);
    let (status, _, body) = server().ask("GET", "/v1/nothing", "*/*", "");
    assert_eq!((status, serde_json::from_str::<Value>(&body).unwrap()["code"].clone()), (404, json!("not_found")));
    assert_eq!(server().ask("GET", "/v1/sql", "*/*", "").0, 405);
    assert_eq!(server().sql("*/*", &json!({"sqll": "SELECT 1"})).0, 400);
}

#[test]
fn tables_and_queries_describe_themselves() {
    let (_, _, body) = server().ask("GET", "/v1/tables", "*/*", "");
    let tables: Value = serde_json::from_str(&body).unwrap();
    assert!(
        tables["tables"]
            .as_array()
            .unwrap()
            .iter()
            .any(|table| table["name"] == "base.people" && table["rows"].as_i64() > Some(0))
    );
    let (_, _, body) = server().ask("GET", "/v1/tables/people", "*/*", "");
    let people: Value = serde_json::from_str(&body).unwrap();
    let id = people["columns"].as_array().unwrap().iter().find(|column| column["name"] == "resident_id").unwrap();
    assert_eq!((id["title_zh"].clone(), id["sensitivity"].clone()), (json!("公民身份号码"), json!("sensitive")));
    assert_eq!(server().ask("GET", "/v1/tables/nobody", "*/*", "").0, 404);
    let (_, _, body) = server().ask("GET", "/v1/queries", "*/*", "");
    let queries: Value = serde_json::from_str(&body).unwrap();
    let name = queries["queries"][0]["name"].as_str().unwrap().to_owned();
    assert_eq!(server().ask("GET", &format!("/v1/queries/{name}?limit=1"), "*/*", "").0, 200);
    assert_eq!(server().ask("GET", &format!("/v1/queries/{name}?nothing=1"), "*/*", "").0, 400);
    assert_eq!(server().ask("GET", "/v1/queries/nothing", "*/*", "").0, 404);
}
