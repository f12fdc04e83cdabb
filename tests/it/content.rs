//! The content half of the main job: posts, comments, lists with their authors.

use serde_json::{Value, json};

use crate::harness::*;

const NESTED: &str = "{ posts(first: 20) { totalCount nodes { title body author { username }
    comments(first: 10) { totalCount nodes { body author { username } } } } } }";

#[tokio::test]
async fn somebody_writes_and_others_comment() {
    on_each_engine(async |lyceum| {
        let ada = lyceum.person("ada").await;
        let bob = lyceum.person("bob").await;
        let create = "mutation ($title: String!, $body: String!) {
            createPost(input: {title: $title, body: $body, status: PUBLISHED}) {
                post { id title author { username email } publishedAt } userErrors { code message field } } }";
        let answer = lyceum.run_as(&ada.token, create, json!({ "title": "One", "body": "A first text." })).await.ok();
        assert_eq!(answer.str_at("createPost.post.author.email"), "ada@example.com");
        let post = answer.str_at("createPost.post.id").to_owned();

        let comment = "mutation ($post: ID!) { createComment(input: {postId: $post, body: \"Well said.\"}) {
            comment { id body author { username } post { title } } userErrors { code message field } } }";
        let answer = lyceum.run_as(&bob.token, comment, json!({ "post": post })).await.ok();
        assert_eq!(answer.str_at("createComment.comment.post.title"), "One");

        let before = lyceum.app.core.db.statements();
        let answer = lyceum.run(NESTED, json!({})).await.ok();
        println!("statements: {}", lyceum.app.core.db.statements() - before);
        assert_eq!(answer.at("posts.nodes.0.comments.nodes.0.author.username"), &json!("bob"), "{}", answer.body);
        assert_eq!(answer.at("posts.totalCount"), &json!(1));
        assert_eq!(answer.at("posts.nodes.0.comments.totalCount"), &json!(1));

        let node = "query ($id: ID!) { node(id: $id) { __typename id ... on Post { title } } }";
        let answer = lyceum.run(node, json!({ "id": post })).await.ok();
        assert_eq!(answer.at("node"), &json!({ "__typename": "Post", "id": post, "title": "One" }));

        let delete = "mutation ($id: ID!) { deletePost(input: {id: $id}) { deletedPostId userErrors { code } } }";
        assert_eq!(lyceum.run_as(&bob.token, delete, json!({ "id": post })).await.code(), "FORBIDDEN");
        lyceum.run_as(&ada.token, delete, json!({ "id": post })).await.ok();
        assert_eq!(lyceum.run(node, json!({ "id": post })).await.at("node"), &Value::Null);
    })
    .await;
}
