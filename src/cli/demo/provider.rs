//! The pretended FreeDYN: Basic login, one reply line per name (its interface description, freedyn.de/dyndnsapi.php).

use std::collections::BTreeMap;
use std::io;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use base64::prelude::{BASE64_STANDARD, Engine as _};
use tokio::net::TcpListener;
use url::Url;

use super::web::{self, Request, Response};
use crate::rules::address::Family;

/// What the provider has put into DNS.
pub(super) type Records = BTreeMap<(String, Family), IpAddr>;

/// Somebody who may log in.
#[derive(Clone, Copy, Debug)]
pub(super) struct Customer {
    /// The account's number.
    pub(super) username: &'static str,
    /// Its key; pretended like everything here.
    pub(super) password: &'static str,
    /// Names that belong to it.
    pub(super) names: &'static [&'static str],
}

/// A running provider.
pub(super) struct Provider {
    /// Where it listens.
    pub(super) address: SocketAddr,
    book: Arc<Mutex<Book>>,
}

/// What the provider knows.
#[derive(Debug, Default)]
pub(super) struct Book {
    customers: Vec<Customer>,
    pub(super) records: Records,
    /// Requests by name.
    pub(super) requests: BTreeMap<String, u32>,
    /// Its name servers have a problem.
    pub(super) trouble: bool,
    /// A user name that it has locked.
    pub(super) locked: Option<&'static str>,
}

impl Provider {
    /// Starts a provider with these customers and no records.
    pub(super) async fn start(customers: Vec<Customer>) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let book = Arc::new(Mutex::new(Book { customers, ..Book::default() }));
        let open = Arc::clone(&book);
        web::serve(listener, move |request| {
            let body = open.lock().unwrap_or_else(PoisonError::into_inner).answer(request);
            Response { status: "200 OK", content_type: "text/plain", body, ..Response::default() }
        });
        Ok(Self { address, book })
    }

    /// What the provider knows, to look at and to change.
    pub(super) fn book(&self) -> MutexGuard<'_, Book> {
        self.book.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The same for somebody who serves the records.
    pub(super) fn shared(&self) -> Arc<Mutex<Book>> {
        Arc::clone(&self.book)
    }
}

impl Book {
    fn answer(&mut self, request: &Request) -> String {
        let Ok(url) = Url::parse("http://freedyn.test/").and_then(|base| base.join(&request.target)) else {
            return "nohost".into();
        };
        let value = |name: &str| url.query_pairs().find(|(key, _)| key == name).map(|(_, value)| value.into_owned()).unwrap_or_default();
        let names: Vec<String> = value("hostname").split(',').filter(|name| !name.is_empty()).map(str::to_owned).collect();
        for name in &names {
            *self.requests.entry(name.clone()).or_default() += 1;
        }
        let login = request.header("authorization");
        let Some(customer) = self.customers.iter().copied().find(|customer| customer.header() == login) else {
            return "badauth".into();
        };
        if self.locked == Some(customer.username) {
            return "abuse".into();
        }
        if names.is_empty() {
            return "nohost".into();
        }
        if self.trouble {
            return "911".into();
        }
        let addresses: Vec<IpAddr> = ["myip", "myip2"].iter().filter_map(|key| value(key).parse().ok()).collect();
        let lines: Vec<String> = names.iter().map(|name| self.line(customer, name, &addresses)).collect();
        lines.join("\n")
    }

    /// The reply for one name.
    fn line(&mut self, customer: Customer, name: &str, addresses: &[IpAddr]) -> String {
        if !customer.names.contains(&name) {
            return "notfqdn".into();
        }
        if addresses.is_empty() {
            return "dnserr".into();
        }
        let mut new = false;
        for address in addresses {
            new |= self.records.insert((name.to_owned(), Family::of(*address)), *address) != Some(*address);
        }
        let list: Vec<String> = addresses.iter().map(ToString::to_string).collect();
        format!("{} {}", if new { "good" } else { "nochg" }, list.join(","))
    }
}

impl Customer {
    /// The Authorization header of this customer (RFC 7617).
    fn header(&self) -> String {
        format!("Basic {}", BASE64_STANDARD.encode(format!("{}:{}", self.username, self.password)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const CUSTOMER: Customer = Customer { username: "1234567890", password: "key", names: &["a.freedyn.test", "b.freedyn.test"] };

    fn book() -> Book {
        Book { customers: vec![CUSTOMER], ..Book::default() }
    }

    fn ask(book: &mut Book, login: &str, query: &str) -> String {
        book.answer(&Request::new(&format!("/nic/update?{query}"), &[("authorization", login)]))
    }

    #[test]
    fn every_name_gets_its_line() {
        let mut book = book();
        let query = "hostname=a.freedyn.test,c.freedyn.test&myip=91.12.34.56";
        assert_eq!(ask(&mut book, &CUSTOMER.header(), query), "good 91.12.34.56\nnotfqdn");
        assert_eq!(ask(&mut book, &CUSTOMER.header(), query), "nochg 91.12.34.56\nnotfqdn");
        assert_eq!(book.requests["a.freedyn.test"], 2);
    }

    #[test]
    fn an_account_fault_is_one_word() {
        let mut book = book();
        assert_eq!(ask(&mut book, "Basic eDp5", "hostname=a.freedyn.test&myip=91.12.34.56"), "badauth");
        assert_eq!(ask(&mut book, &CUSTOMER.header(), "myip=91.12.34.56"), "nohost");
        book.trouble = true;
        assert_eq!(ask(&mut book, &CUSTOMER.header(), "hostname=a.freedyn.test&myip=91.12.34.56"), "911");
        book.locked = Some(CUSTOMER.username);
        assert_eq!(ask(&mut book, &CUSTOMER.header(), "hostname=a.freedyn.test&myip=91.12.34.56"), "abuse");
        assert!(book.records.is_empty());
    }
}
