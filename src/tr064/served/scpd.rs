//! What a service can do, as it tells clients (`UPnP` Device Architecture 1.0, 2.3). PURE.

use super::services::{Action, Direction, Service, Variable};
use super::writing::{PROLOG, block, line};

/// The description of `service`.
#[must_use]
pub fn scpd(service: &Service) -> String {
    let mut out = format!("{PROLOG}<scpd xmlns=\"urn:dslforum-org:service-1-0\">\n");
    super::description::spec_version(&mut out);
    block(&mut out, "actionList", |out| service.actions.iter().for_each(|it| action(out, it)));
    block(&mut out, "serviceStateTable", |out| service.variables.iter().for_each(|it| variable(out, it)));
    out.push_str("</scpd>\n");
    out
}

fn action(out: &mut String, action: &Action) {
    block(out, "action", |out| {
        line(out, "name", action.name);
        block(out, "argumentList", |out| {
            for argument in action.arguments {
                block(out, "argument", |out| {
                    line(out, "name", argument.name);
                    line(out, "direction", if argument.direction == Direction::In { "in" } else { "out" });
                    line(out, "relatedStateVariable", argument.variable);
                });
            }
        });
    });
}

fn variable(out: &mut String, variable: &Variable) {
    out.push_str("<stateVariable sendEvents=\"no\">\n");
    line(out, "name", variable.name);
    line(out, "dataType", variable.kind.word());
    if let Some(default) = variable.default {
        line(out, "defaultValue", default);
    }
    if !variable.allowed.is_empty() {
        block(out, "allowedValueList", |out| variable.allowed.iter().for_each(|value| line(out, "allowedValue", value)));
    }
    out.push_str("</stateVariable>\n");
}

#[cfg(test)]
mod tests;
