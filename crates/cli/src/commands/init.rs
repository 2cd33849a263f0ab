//! `jingwei init`.

use std::path::{Path, PathBuf};

use clap::Args;
use jingwei_engine::{EngineError, Result, json_schemas};

use crate::output::say;
use crate::template::{write, write_file};

/// Arguments of `jingwei init`.
#[derive(Debug, Args)]
pub struct Init {
    /// Folder of the new project; made when missing.
    dir: PathBuf,
}

/// A source to start from.
const EXAMPLE: &str = r#"# A source is one department's file, or a set of files of one form, or a database query.
# The file's name, example.toml, names its tables: raw.example, clean.example, quarantine.example.
# `jingwei profile FILE` proposes such a file for your own data.

title = "Household register"
title_zh = "户籍登记"
department = "Public security"
trust = 0.9                            # against other sources, 0 to 1

key = ["register_no"]                  # what names a row for good

[from]
path = "data/example.csv"              # or a glob, or s3://bucket/path

[columns]
register_no = { from = "登记号", required = true }
name = { from = "姓名", parse = "name" }
resident_id = { from = "身份证号", parse = "resident_id" }
address = { from = "住址", parse = "address" }

[[record]]                             # what each row says about an element
element = "people"
[record.set]                           # base column = SQL over the columns above
name = "name"
resident_id = "resident_id"
birth_date = "id_birth_date(resident_id)"
address = "address"
"#;

const EXAMPLE_DATA: &str =
    "登记号,姓名,身份证号,住址\nR1,张三,11010519491231002X,北京市朝阳区望京街道花家地西里3号楼2单元501室\n";

/// Makes a project.
///
/// # Errors
/// A folder that holds a project already or cannot be written.
pub fn run(args: &Init) -> Result<()> {
    if args.dir.join("config").exists() {
        return Err(EngineError::usage_with_hint(
            format!("{} holds a project already", args.dir.display()),
            "choose an empty folder",
        ));
    }
    write(&args.dir, |path| path == Path::new("config/jingwei.toml") || path.starts_with("config/entities"))?;
    write_file(&args.dir.join("config/sources/example.toml"), EXAMPLE.as_bytes())?;
    write_file(&args.dir.join("data/example.csv"), EXAMPLE_DATA.as_bytes())?;
    write_file(&args.dir.join("queries/views/.gitkeep"), b"")?;
    for (name, text) in json_schemas()? {
        write_file(&args.dir.join("config/schemas").join(name), text.as_bytes())?;
    }
    say(&format!(
        "a new project is in {}; next:\n  jingwei --project {0} integrate\n  jingwei --project {0} sql 'select * from people'",
        args.dir.display()
    ));
    Ok(())
}
