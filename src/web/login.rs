//! Basic authentication (RFC 7617), and comparing in constant time.

use base64::Engine as _;
use base64::alphabet::STANDARD;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use hyper::header::{AUTHORIZATION, HeaderMap};
use sha2::{Digest as _, Sha256};
use subtle::{Choice, ConditionallySelectable as _, ConstantTimeEq as _};

use crate::config::User;
use crate::rules::secret::Secret;

/// Longest credentials in bytes of base64: names and passwords have tens of characters.
const LONGEST: usize = 4096;

/// Some routers leave the padding out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent).with_decode_allow_trailing_bits(true),
);

/// Name and password of a request; `None`: it has none that can be read.
///
/// UTF-8 as we ask for it, else Latin-1 as old clients send it. The first colon parts name and password.
pub(crate) fn basic(headers: &HeaderMap) -> Option<(String, Secret)> {
    let mut fields = headers.get_all(AUTHORIZATION).iter();
    let (field, None) = (fields.next()?, fields.next()) else {
        return None;
    };
    let (scheme, credentials) = field.to_str().ok()?.trim().split_once(' ')?;
    let credentials = credentials.trim();
    if !scheme.eq_ignore_ascii_case("basic") || credentials.len() > LONGEST {
        return None;
    }
    let bytes = BASE64.decode(credentials).ok()?;
    let text = String::from_utf8(bytes).unwrap_or_else(|error| error.as_bytes().iter().copied().map(char::from).collect());
    let text = Secret::new(text);
    let (name, password) = text.expose().split_once(':')?;
    Some((name.to_owned(), Secret::new(password.to_owned())))
}

/// The user whom `name` and `password` belong to. Takes as long for a wrong name as for a wrong password.
pub(crate) fn user<'u>(users: &'u [User], name: &str, password: &Secret) -> Option<&'u User> {
    // Hashed, all have the same length: the comparison tells nothing about that either.
    let digest = |text: &str| -> [u8; 32] { Sha256::digest(text).into() };
    let (name, password) = (digest(name), digest(password.expose()));
    let (mut index, mut found) = (0, Choice::from(0));
    for (at, user) in (0_u64..).zip(users) {
        let same = digest(&user.name).ct_eq(&name) & digest(user.password.expose()).ct_eq(&password);
        index.conditional_assign(&at, same);
        found |= same;
    }
    users.get(usize::try_from(index).ok()?).filter(|_| found.into())
}

#[cfg(test)]
mod tests {
    use base64::prelude::BASE64_STANDARD;
    use hyper::header::HeaderValue;

    use super::*;
    use crate::rules::rights::Rights;

    fn read(field: &str) -> Option<(String, String)> {
        let mut headers = HeaderMap::new();
        headers.insert(AUTHORIZATION, HeaderValue::from_str(field).expect("a field"));
        basic(&headers).map(|(name, password)| (name, password.expose().to_owned()))
    }

    fn pair(name: &str, password: &str) -> (String, String) {
        (name.to_owned(), password.to_owned())
    }

    #[test]
    fn it_is_read_with_any_case_of_the_scheme_and_with_or_without_padding() {
        for field in ["Basic dXNlcjpnZWhlaW0=", "basic dXNlcjpnZWhlaW0", "BASIC   dXNlcjpnZWhlaW0= "] {
            assert_eq!(read(field), Some(pair("user", "geheim")), "{field}");
        }
    }

    #[test]
    fn the_first_colon_parts_name_and_password_and_both_may_be_empty() {
        for (text, name, password) in [("a:b:c", "a", "b:c"), (":b", "", "b"), ("a:", "a", ""), (":", "", "")] {
            assert_eq!(read(&format!("Basic {}", BASE64_STANDARD.encode(text))), Some(pair(name, password)), "{text}");
        }
        assert_eq!(read(&format!("Basic {}", BASE64_STANDARD.encode("without"))), None);
    }

    #[test]
    fn utf_8_and_latin_1_are_understood() {
        assert_eq!(read(&format!("Basic {}", BASE64_STANDARD.encode("jörg:größe"))), Some(pair("jörg", "größe")));
        assert_eq!(read(&format!("Basic {}", BASE64_STANDARD.encode(b"j\xf6rg:gr\xf6\xdfe"))), Some(pair("jörg", "größe")));
    }

    #[test]
    fn what_is_no_basic_login_is_none() {
        let long = format!("Basic {}", "A".repeat(LONGEST + 1));
        for field in ["", "Basic", "Basic ", "Basic ****", "Digest username=\"a\"", "Bearer dXNlcjpnZWhlaW0=", &long] {
            assert_eq!(read(field), None, "{field}");
        }
        assert!(basic(&HeaderMap::new()).is_none());
        let mut twice = HeaderMap::new();
        for _ in 0..2 {
            twice.append(AUTHORIZATION, HeaderValue::from_static("Basic dXNlcjpnZWhlaW0="));
        }
        assert!(basic(&twice).is_none());
    }

    #[test]
    fn a_user_is_found_by_name_and_password_together() {
        let user_of = |name: &str, password: &str| User { name: name.into(), password: Secret::new(password.into()), rights: Rights::NONE };
        let users = [user_of("first", "one"), user_of("second", "two"), user_of("third", "one")];
        let name = |name: &str, password: &str| user(&users, name, &Secret::new(password.into())).map(|user| user.name.clone());
        for known in &users {
            assert_eq!(name(&known.name, known.password.expose()), Some(known.name.clone()));
        }
        for (wrong, password) in [("first", "two"), ("second", "one"), ("nobody", "one"), ("first", ""), ("", ""), ("First", "one")] {
            assert_eq!(name(wrong, password), None, "{wrong} {password}");
        }
        assert!(user(&[], "", &Secret::new(String::new())).is_none());
    }
}
