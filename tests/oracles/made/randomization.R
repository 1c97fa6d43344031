# Randomization tests: coin's exact stratified permutation test of a sum, exactRankTests' of two
# groups, and clusters assigned within blocks, every assignment written out by combn.
# Run in this folder: Rscript randomization.R
suppressMessages({library(coin); library(exactRankTests)})
library(jsonlite)

tails <- function(less, greater) {
  list(less = less, greater = greater, two_sided = min(1, 2 * min(less, greater)))
}

set.seed(20261121)
by_coin <- function(y, arm, block) {
  p <- function(side) as.numeric(coin::pvalue(coin::oneway_test(
    y ~ factor(arm, levels = c(1, 0)) | factor(block), distribution = "exact", alternative = side)))
  list(y = y, arm = arm, block = block, p = tails(p("less"), p("greater")))
}
blocked <- by_coin(round(rnorm(16), 2), rep(c(1, 0, 0, 1), 4), rep(1:4, each = 4))
unequal <- by_coin(c(3, 5, 4, 4, 2, 6, 7, 1, 2, 4), c(1, 0, 1, 1, 0, 0, 1, 0, 1, 0), rep(1, 10))

# Student (1908), Biometrika 6, p. 20: hours of sleep gained by ten patients with each of two drugs
extra <- c(.7, -1.6, -.2, -1.2, -.1, 3.4, 3.7, .8, 0, 2, 1.9, .8, 1.1, .1, -.1, 4.4, 5.5, 1.6, 4.6, 3.4)
group <- rep(1:2, each = 10)
by_perm <- function(side) perm.test(
  round(10 * extra[group == 2]) , round(10 * extra[group == 1]), alternative = side, exact = TRUE)$p.value
student <- list(y = extra, arm = as.numeric(group == 2), p = tails(by_perm("less"), by_perm("greater")))

# 8 clusters of different size in two blocks (2 of 4, 1 of 4 treated): least squares with block
# effects over all 6 x 4 assignments, with a covariate taken out first, and the p of many effects
size <- c(3, 5, 4, 2, 6, 3, 3, 4)
cluster <- rep(1:8, size)
block <- ifelse(cluster <= 4, 1, 2)
treated <- c(1, 0, 1, 0, 0, 0, 1, 0)
x <- round(rnorm(sum(size)), 2)
y <- round(x + .8 * treated[cluster] + rnorm(8, sd = .4)[cluster] + rnorm(sum(size), sd = .7), 2)
assignments <- do.call(rbind, lapply(combn(4, 2, simplify = FALSE), function(one)
  t(sapply(1:4, function(two) as.numeric(1:8 %in% c(one, 4 + two))))))
p_of <- function(tau, adjust) {
  left <- y - tau * treated[cluster]
  left <- if (adjust) resid(lm(left ~ factor(block) + x)) else left
  statistic <- function(z) unname(coef(lm(left ~ z[cluster] + factor(block)))[2])
  all <- apply(assignments, 1, statistic)
  own <- statistic(treated)
  min(1, 2 * min(mean(all >= own - 1e-9), mean(all <= own + 1e-9)))
}
taus <- seq(-2, 4, .125)
clusters <- lapply(c(FALSE, TRUE), function(adjust) list(
  adjust = adjust, taus = taus, p = sapply(taus, p_of, adjust),
  estimate = unname(coef(if (adjust) lm(y ~ treated[cluster] + factor(block) + x) else
    lm(y ~ treated[cluster] + factor(block)))[2])))

result <- list(
  about = list(R = paste(R.version$major, R.version$minor, sep = "."),
               packages = as.list(sapply(c("coin", "exactRankTests", "jsonlite"),
                                         function(p) as.character(packageVersion(p))))),
  single = list(blocked, unequal), student = student,
  clusters = list(y = y, x = x, cluster = cluster, block = block, arm = treated[cluster], cases = clusters))
write_json(result, "randomization.json", digits = NA, auto_unbox = TRUE, pretty = FALSE)
