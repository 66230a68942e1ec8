//! The way in: who gets a code, what a wrong one costs, and that the answer never tells whether
//! a person exists.

use super::town::{PARENT, STRANGER, STUDENT, ask, code_in, each, enter, messages, sign_in};

#[test]
fn the_code_on_the_phone_opens_the_page() {
    each(async |t| {
        let mut browser = sign_in(&t, STUDENT).await;
        let home = browser.get("/m").await;
        home.is(200).says(&["吕凤欢，您好。", "确认联系方式", "谨防诈骗", "028-23350000"]);
        eprintln!("{}", home.text);
        assert_eq!(messages(&t).len(), 1);
    });
}
