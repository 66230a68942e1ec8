//! 查找: by what a caller says or a paper shows.

use diesel::prelude::*;
use zhuxue::base::person_name::initials;
use zhuxue::jobs::close_day;
use zhuxue::plumbing::schema::person;

use super::site::{Site, encoded, says};

/// Where this leads, and what stands there.
async fn found(site: &Site, q: &str) -> String {
    let path = format!("/search?q={}", encoded(q));
    let answer = site.open(&path, false).await;
    match answer.location.as_str() {
        "" => answer.words(),
        file => site.words(file).await,
    }
}

#[actix_web::test]
async fn the_end_of_a_telephone_number_is_enough() {
    let site = Site::small();
    for q in ["4847", "994847", "０９９４８４７"] {
        says(&found(&site, q).await, &["廖中旭"]);
    }
    // Only the last four digits are known to a list, and the page says so.
    says(&found(&site, "114847").await, &["廖中旭", "手机尾号 4847", "只比对末 4 位"]);
    says(&found(&site, "000000001").await, &["没有找到"]);
}

#[actix_web::test]
async fn a_village_narrows_a_name_and_initials_are_a_name() {
    let site = Site::small();
    let village: String = site
        .county
        .app
        .db
        .read(|db| {
            Ok(person::table.filter(person::name.eq("廖中旭")).select(person::village).first(db)?)
        })
        .unwrap();
    let village = village.trim_end_matches('村');
    for q in [
        "lzx",
        "LZX",
        &format!("{village} 廖"),
        &format!("廖　{village}"),
        &format!("{village} lz"),
        // Without a blank, as it is said.
        &format!("{village}廖中旭"),
        &format!("廖中旭{village}"),
    ] {
        says(&found(&site, q).await, &["廖中旭"]);
    }
    says(&found(&site, &format!("{village}没有此人")).await, &["没有找到"]);
    says(&found(&site, &format!("{village} 没有此人")).await, &["没有找到"]);
    // A version before this one has written the name without its initials.
    let blank = diesel::update(person::table).set(person::name_initials.eq(""));
    site.county.app.db.write("an older version", |db| Ok(blank.clone().execute(db)?)).unwrap();
    says(&found(&site, "lzx").await, &["没有找到"]);
    close_day::run(&site.county.app, site.county.app.clock.today()).unwrap();
    says(&found(&site, "lzx").await, &["廖中旭"]);
}

#[actix_web::test]
async fn many_hits_are_narrowed_by_place_school_and_stage() {
    let site = Site::small();
    let answer = site.open("/search?q=z", false).await;
    says(&answer.words(), &["乡镇", "毕业高中", "阶段"]);
    let link = answer.body.split("href=\"").find(|link| link.contains("township=")).unwrap();
    let link = link.split('"').next().unwrap().replace("&amp;", "&").replace("&#x2f;", "/");
    let words = site.words(&link).await;
    assert!(words.contains("份档案，共"), "{words}");
}

#[test]
fn a_name_has_initials() {
    for (name, of) in [("叶敏", "YM"), ("曾单", "ZD"), ("阿不都·外力", "ABDWL"), ("林㼆", "LY")]
    {
        assert_eq!(initials(name), of, "{name}");
    }
    assert_eq!(initials("□"), "-");
}

#[actix_web::test]
async fn a_file_number_is_found_with_and_without_its_hyphen() {
    let site = Site::small();
    let no = site.file_no("廖中旭").await;
    let (head, serial) = no.split_once('-').unwrap();
    let lower = head.to_lowercase();
    for q in [
        no.clone(),
        format!("{head}{serial}"),
        format!("{lower}{serial}"),
        format!(" {} {serial}", lower.replace("20", " 20")),
        format!("{head}－{serial}"),
        format!("{head} — {serial}"),
    ] {
        let answer = site.open(&format!("/search?q={}", encoded(&q)), false).await;
        assert_eq!(answer.location, format!("/loans/{no}"), "{q}");
    }
    says(&found(&site, &format!("{head}99{serial}")).await, &["没有找到"]);
}

#[actix_web::test]
async fn people_are_offered_while_a_name_is_typed_and_numbers_are_not() {
    let site = Site::small();
    let offered = async |q: &str| {
        site.open(&format!("/search?part=suggest&q={}", encoded(q)), true).await.body
    };
    let near = offered("廖中").await;
    assert!(near.contains("<option value=\"LZ") && near.contains("廖中旭 lzx"), "{near}");
    for q in ["廖", "4847", "", "没有此人"] {
        assert!(!offered(q).await.contains("<option"), "{q}");
    }
}
