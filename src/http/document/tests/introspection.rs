//! Claims about introspection: the standard queries pass, circles through the types do not.

use super::*;

/// What the versions of graphql-js ask for.
struct Standard {
    levels: usize,
    /// `specifiedByURL`, `isOneOf`, `isRepeatable`, the schema's description, deprecated inputs.
    is_new: bool,
}

/// The standard introspection query as graphql-js writes it.
fn standard(Standard { levels, is_new }: Standard) -> String {
    let new = |text: &'static str| if is_new { text } else { "" };
    let all = new("(includeDeprecated: true)");
    let (description, one_of) = (new("description"), new("specifiedByURL isOneOf"));
    let (repeatable, deprecation) = (new("isRepeatable"), new("isDeprecated deprecationReason"));
    let of_type = format!("{}{}", "ofType { kind name ".repeat(levels), "}".repeat(levels));
    format!(
        "query IntrospectionQuery {{ __schema {{ {description}
            queryType {{ name kind }} mutationType {{ name kind }} subscriptionType {{ name kind }}
            types {{ ...FullType }}
            directives {{ name description {repeatable} locations args{all} {{ ...InputValue }} }} }} }}
        fragment FullType on __Type {{ kind name description {one_of}
            fields(includeDeprecated: true) {{ name description args{all} {{ ...InputValue }}
                type {{ ...TypeRef }} isDeprecated deprecationReason }}
            inputFields{all} {{ ...InputValue }}
            interfaces {{ ...TypeRef }}
            enumValues(includeDeprecated: true) {{ name description isDeprecated deprecationReason }}
            possibleTypes {{ ...TypeRef }} }}
        fragment InputValue on __InputValue {{ name description type {{ ...TypeRef }} defaultValue {deprecation} }}
        fragment TypeRef on __Type {{ kind name {of_type} }}"
    )
}

#[test]
fn the_standard_queries_pass_at_no_cost() {
    let graphql_js_16 = Standard { levels: 9, is_new: true };
    let graphiql = Standard { levels: 7, is_new: true };
    let graphql_js_14 = Standard { levels: 7, is_new: false };
    for query in [graphql_js_16, graphiql, graphql_js_14].map(standard) {
        let documents = documents();
        let document = documents.prepare(&query).unwrap();
        assert_eq!(document.check_cost(Some("IntrospectionQuery"), &Variables::default(), &documents.limits), Ok(0));
    }
}

#[test]
fn the_newest_standard_query_is_as_deep_as_introspection_may_be() {
    assert_eq!(verdict(&standard(Standard { levels: 9, is_new: true })), None);
    assert_eq!(verdict(&standard(Standard { levels: 10, is_new: true })), Some(TooDeep));
}

#[test]
fn introspection_has_its_own_depth() {
    let of_type = |depth: usize| {
        let levels = depth - 2;
        format!("{{ __type(name: \"A\") {{ {}name{} }} }}", "ofType { ".repeat(levels), "}".repeat(levels))
    };
    assert_eq!(verdict(&of_type(15)), None);
    assert_eq!(verdict(&of_type(16)), Some(TooDeep));
    assert_eq!(message(&of_type(16)), "Introspection fields nest more than 15 levels deep.");
    let spread = of_type(15).replacen('{', "{ ...f } fragment f on Query {", 1);
    assert_eq!(verdict(&spread), None);
    assert_eq!(verdict(&of_type(13).replacen('{', "mutation {", 1)), Some(TooDeep));
    assert_eq!(verdict(&format!("{{ a {} }}", of_type(12))), Some(TooDeep));
}

#[test]
fn a_path_goes_through_each_list_of_types_once() {
    for list in ["fields", "inputFields", "interfaces", "possibleTypes"] {
        let circle = format!("{{ __schema {{ types {{ {list} {{ type {{ {list} {{ name }} }} }} }} }} }}");
        assert_eq!(verdict(&circle), Some(TooDeep), "{list}");
        assert_eq!(message(&circle), format!("Introspection may go through \"{list}\" once on a path."));
    }
    let spread =
        "{ __type(name: \"A\") { fields { ...f } } } fragment f on __Field { type { ... { fields { name } } } }";
    assert_eq!(verdict(spread), Some(TooDeep));
}

#[test]
fn a_path_goes_through_two_lists_of_types_at_most() {
    let two = "{ __type(name: \"A\") { fields { args { type { inputFields { name } } } } } }";
    assert_eq!(verdict(two), None);
    let three = "{ __schema { types { fields { type { interfaces { possibleTypes { name } } } } } } }";
    assert_eq!(verdict(three), Some(TooDeep));
}

#[test]
fn elsewhere_the_names_of_introspection_are_names_like_others() {
    assert_eq!(verdict("{ fields { fields { fields { interfaces { possibleTypes } } } } }"), None);
    assert_eq!(verdict("{ a { __schema { fields { fields } } } }"), None);
}
