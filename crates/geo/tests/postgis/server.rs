//! A PostgreSQL with PostGIS of the test's own, in a temporary folder, over a socket only.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// A running server; it stops and its folder goes when this is dropped.
pub struct Server {
    folder: PathBuf,
    programs: PathBuf,
}

impl Server {
    /// Starts one; `None`, with a notice, where PostGIS is not installed.
    pub fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            // The macros' output is kept back for a test that passes; nobody would see that nothing was compared.
            let _ = std::io::stderr().write_all(
                b"\n*** SKIPPED: PostGIS is not installed (apt-get install postgresql-15-postgis-3); nothing was compared ***\n",
            );
            return None;
        };
        let folder = run(as_postgres("mktemp").args(["-d", "/tmp/jingwei-postgis-XXXXXX"]), "");
        let server = Self { folder: PathBuf::from(folder.trim()), programs };
        let data = server.folder.join("data");
        run(
            as_postgres(&server.program("initdb")).arg("-D").arg(&data).args([
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--no-locale",
            ]),
            "",
        );
        let options =
            format!("-k {} -c listen_addresses='' -c fsync=off -c full_page_writes=off", server.folder.display());
        let mut start = as_postgres(&server.program("pg_ctl"));
        start.arg("-D").arg(&data).arg("-l").arg(server.folder.join("log")).args(["-o", &options, "-w", "start"]);
        // The server keeps the pipes it inherits; it gets none.
        assert!(start.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().unwrap().success());
        server.ask("CREATE EXTENSION postgis;");
        Some(server)
    }

    fn program(&self, name: &str) -> String {
        self.programs.join(name).display().to_string()
    }

    /// The rows of a script's answers, one a line, columns apart by `|`.
    pub fn ask(&self, script: &str) -> String {
        let mut psql = Command::new(self.programs.join("psql"));
        psql.arg("-h").arg(&self.folder).args(["-U", "postgres", "-qAtX", "-v", "ON_ERROR_STOP=1"]);
        run(&mut psql, script)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let mut stop = as_postgres(&self.program("pg_ctl"));
        stop.arg("-D").arg(self.folder.join("data")).args(["-m", "immediate", "stop"]);
        let _ = stop.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
        let _ = std::fs::remove_dir_all(&self.folder);
    }
}

/// The folder of PostgreSQL's programs, where PostGIS is installed beside them.
fn programs() -> Option<PathBuf> {
    let versions = std::fs::read_dir("/usr/lib/postgresql").ok()?;
    let mut found = versions
        .flatten()
        .map(|entry| entry.file_name())
        .filter(|version| Path::new("/usr/share/postgresql").join(version).join("extension/postgis.control").exists());
    found.next().map(|version| Path::new("/usr/lib/postgresql").join(version).join("bin"))
}

/// PostgreSQL refuses to run as root.
fn as_postgres(program: &str) -> Command {
    let root = Command::new("id").arg("-u").output().is_ok_and(|output| output.stdout.starts_with(b"0\n"));
    if root {
        let mut command = Command::new("runuser");
        command.args(["-u", "postgres", "--", program]).current_dir("/tmp");
        command
    } else {
        Command::new(program)
    }
}

fn run(command: &mut Command, input: &str) -> String {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let input = input.to_owned();
    let writer = std::thread::spawn(move || {
        let _ = stdin.write_all(input.as_bytes());
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}
