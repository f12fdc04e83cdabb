//! user_lists
