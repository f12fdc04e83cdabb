//! One operation, whatever brought it: a request's body, a query string, a message on a socket. Nothing of it runs before
//! all of the limits have been met.

use std::{panic::AssertUnwindSafe, sync::Arc};

use async_graphql::{Request, Response, Value, parser::types::OperationType};
use futures_util::{FutureExt as _, stream::BoxStream};
use tracing::Instrument as _;

use super::{
    Door, answer,
    body::Params,
    document::{Document, Refusal},
    spans,
};
use crate::{
    core::{
        Error, audit,
        traces::{self, Span},
    },
    graphql::{self, Asked},
};

pub(super) struct Operation {
    document: Arc<Document>,
    params: Params,
    pub kind: OperationType,
    pub cost: u64,
}

impl Operation {
    /// The document, parsed once and within every limit.
    pub(super) fn prepare(door: &Door, params: Params) -> Result<Self, Refusal> {
        let meant = door.persisted.meant(&params)?;
        let document = door.documents.prepare(&meant.text)?;
        let name = params.operation_name.as_deref();
        let kind = document.operation(name)?;
        document.check_variables(name, &params.variables)?;
        let cost = document.check_cost(name, &params.variables, &door.settings.documents)?;
        door.persisted.keep(meant);
        Ok(Self { document, params, kind, cost })
    }

    /// Whether it is for people who are not signed in.
    pub(super) fn is_open(&self) -> bool {
        self.document.holds_only(self.params.operation_name.as_deref(), graphql::OPEN_MUTATIONS)
    }

    /// Runs it, for as long as an operation may take; `straight` says that the answer may hold pieces that are JSON
    /// already, for `graphql::write_json`. A mutation runs in a task of its own, which outlives a client
    /// that goes away: half a transaction is nobody's wish.
    pub(super) async fn execute(self, door: &Door, asked: Asked, straight: bool) -> Result<Response, Error> {
        let (kind, begun) = (self.kind, door.core.clock.now());
        let name = || self.document.name(self.params.operation_name.as_deref());
        let span = spans::of_operation(&door.core.traces, word(kind), name);
        let done = self.run(door, asked, span.as_ref(), straight).await;
        spans::executed(span, &done);
        // Whoever tells the client that it did not end counts the code of that.
        for error in done.iter().flat_map(|response| &response.errors) {
            door.core.metrics.told(answer::code(error));
        }
        let failed = !done.as_ref().is_ok_and(|response| response.errors.is_empty());
        door.core.metrics.ran(word(kind), failed, begun.until(door.core.clock.now()));
        done
    }

    async fn run(self, door: &Door, asked: Asked, span: Option<&Span>, straight: bool) -> Result<Response, Error> {
        let document = self.document.clone();
        let shape = document.shape(&self.params.variables);
        let is_valid = shape.as_ref().is_some_and(|shape| document.is_valid_with(shape));
        let schema = if is_valid { door.trusting.clone() } else { door.schema.clone() };
        let (viewer, origin) = (asked.viewer.clone(), asked.origin.clone());
        let is_mutation = self.kind == OperationType::Mutation;
        let request = self.into_request(door, asked, straight);
        let run = traces::within(span, async move { schema.execute(request).await });
        let timeout = door.settings.operation_timeout;
        let done = if is_mutation {
            let run = run.inspect(move |response| {
                graphql::denials(response).for_each(|path| audit::denied(&viewer, &origin, path));
            });
            let task = tokio::spawn(run.in_current_span());
            tokio::time::timeout(timeout, task).await.map(|joined| joined.map_err(|_| ()))
        } else {
            tokio::time::timeout(timeout, AssertUnwindSafe(run).catch_unwind()).await.map(|ran| ran.map_err(|_| ()))
        };
        match done {
            Ok(Ok(response)) => {
                // What is not valid has no data.
                if let Some(shape) = shape.filter(|_| !is_valid && response.data != Value::Null) {
                    document.was_valid_with(shape);
                }
                Ok(response)
            }
            Ok(Err(())) => Err(Error::internal("a resolver panicked")),
            Err(_) => Err(Error::Timeout),
        }
    }

    /// The results of a subscription, for as long as somebody takes them.
    pub(super) fn results(self, door: &Door, asked: Asked) -> BoxStream<'static, Response> {
        door.schema.execute_stream(self.into_request(door, asked, false))
    }

    fn into_request(self, door: &Door, asked: Asked, straight: bool) -> Request {
        let mut request = Request::new(String::new()).variables(self.params.variables);
        request.operation_name = self.params.operation_name;
        request.set_parsed_query(self.document.parsed().clone());
        if !door.settings.documents.introspection {
            request = request.disable_introspection();
        }
        // Mutations alone take files; a stream would keep one for as long as it lasts.
        let file = self.params.file.filter(|_| self.kind == OperationType::Mutation);
        graphql::with_context(request, asked, file, straight && !self.document.merges())
    }
}

fn word(kind: OperationType) -> &'static str {
    match kind {
        OperationType::Query => "query",
        OperationType::Mutation => "mutation",
        OperationType::Subscription => "subscription",
    }
}
