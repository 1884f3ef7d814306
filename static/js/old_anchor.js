// Follows Blogger's links to a comment, such as /2011/07/post.html#c123, where the comment is on another page of the
// thread: the server finds it by ?showComment=c123. If it knows none, the address stays and nothing is asked again.
import { findTarget } from "./lib/page.js";

const anchor = location.hash.slice(1);
const address = new URL(location.href);

if (!findTarget(anchor) && address.searchParams.get("showComment") !== anchor) {
  address.search = new URLSearchParams({ showComment: anchor });
  location.replace(address);
}
