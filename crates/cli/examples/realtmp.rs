//! Scratch.
#![allow(clippy::unwrap_used, clippy::print_stdout)]
use jingwei_engine::{City, Request, Silent, ask, bind, integrate, plain_params};
#[tokio::main]
async fn main() {
    let args: Vec<String> = std::env::args().collect();
    let city = match City::open(args[1].as_ref()) {
        Ok(c) => c,
        Err(e) => {
            println!("{e}");
            std::process::exit(2)
        }
    };
    match args[2].as_str() {
        "integrate" => match integrate(&city, &Request { sources: vec![], full: false }, &Silent).await {
            Ok(r) => println!("{r}"),
            Err(e) => {
                println!("ERROR user={} {e}", e.is_user_error());
                std::process::exit(2)
            }
        },
        kind => {
            let s = city.snapshot().await.unwrap();
            let c = city.session(s.as_ref(), &city.settings()).await.unwrap();
            let (sql, params) = if kind == "query" {
                let q = city.project.library.get(&args[3]).unwrap();
                (q.sql.clone(), Some(bind(q, &[]).unwrap()))
            } else {
                (args[3].clone(), plain_params(&[]))
            };
            let _ = params.is_some();
            match ask(&c, &sql, params.into()).await {
                Err(e) => println!("ERROR {e}"),
                Ok(a) => {
                    let b: Vec<_> = futures::TryStreamExt::try_collect(a.stream().await.unwrap()).await.unwrap();
                    println!("{}", arrow::util::pretty::pretty_format_batches(&b).unwrap());
                }
            }
        }
    }
}
