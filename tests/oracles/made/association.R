# Ranks, shares, two-by-two tables, AUC and Firth's logistic regression, from base R, coin,
# exactRankTests, pROC, survey and brglm2. Three parts are written out from the publications, since
# no package at hand has them: the jackknife interval of Kendall's tau-b (Arvesen 1969), Bonett and
# Wright's interval of Spearman's rho (2000), and the profile of Firth's penalized likelihood
# (Heinze and Schemper 2002), by optim and uniroot.
# Run in this folder: Rscript association.R
suppressMessages({library(coin); library(exactRankTests); library(pROC); library(survey); library(brglm2)})
library(jsonlite)

tails <- function(less, greater) {
  list(less = less, greater = greater, two_sided = min(1, 2 * min(less, greater)))
}

# pairs ------------------------------------------------------------------------------------------
# Student's hours of sleep (1908), as in randomization.R
sleep_1 <- c(.7, -1.6, -.2, -1.2, -.1, 3.4, 3.7, .8, 0, 2)
sleep_2 <- c(1.9, .8, 1.1, .1, -.1, 4.4, 5.5, 1.6, 4.6, 3.4)
set.seed(20261121)
smooth <- list(x = round(rnorm(9), 3), y = round(rnorm(9), 3))
longer <- list(x = round(rnorm(24), 3))
longer$y <- round(longer$x + rnorm(24), 3)
likert <- list(x = c(5, 4, 4, 3, 5, 2, 1, 3, 4, 5, 2, 3, 3, 4, 1, 5, 4, 2, 3, 4),
               y = c(4, 4, 5, 3, 5, 1, 2, 3, 3, 4, 2, 4, 2, 5, 1, 4, 3, 3, 2, 5))

tau_interval <- function(x, y, level) {
  n <- length(x)
  tau <- cor(x, y, method = "kendall")
  without <- sapply(1:n, function(i) cor(x[-i], y[-i], method = "kendall"))
  se <- sqrt((n - 1) / n * sum((without - mean(without))^2))
  c(se, tanh(atanh(tau) + c(-1, 1) * qt((1 + level) / 2, n - 2) * se / (1 - tau^2)))
}
rho_interval <- function(x, y, level) {
  r <- cor(x, y, method = "spearman")
  tanh(atanh(r) + c(-1, 1) * qnorm((1 + level) / 2) * sqrt((1 + r^2 / 2) / (length(x) - 3)))
}
tailed <- function(d, method, exact) {
  p <- function(side) suppressWarnings(
    cor.test(d$x, d$y, method = method, exact = exact, alternative = side))$p.value
  list(two_sided = p("two.sided"), less = p("less"), greater = p("greater"))
}
of_pairs <- function(d, exact) list(
  x = d$x, y = d$y, exact = exact, conf_level = .9,
  tau_b = cor(d$x, d$y, method = "kendall"), tau_jackknife = tau_interval(d$x, d$y, .9),
  kendall = tailed(d, "kendall", exact),
  rho = cor(d$x, d$y, method = "spearman"), rho_interval = rho_interval(d$x, d$y, .9),
  spearman = tailed(d, "spearman", exact))

# Wilcoxon ---------------------------------------------------------------------------------------
signed <- function(x) {
  p <- function(side, exact = NULL) if (is.null(exact)) wilcox.exact(x, alternative = side)$p.value else
    suppressWarnings(wilcox.test(x, alternative = side, exact = FALSE, correct = TRUE))$p.value
  list(x = x, v = unname(wilcox.exact(x)$statistic),
       exact = tails(p("less"), p("greater")),
       normal = list(two_sided = p("two.sided", FALSE), less = p("less", FALSE), greater = p("greater", FALSE)))
}
rank_sum <- function(x, y) {
  p <- function(side, exact = NULL) if (is.null(exact)) wilcox.exact(x, y, alternative = side)$p.value else
    suppressWarnings(wilcox.test(x, y, alternative = side, exact = FALSE, correct = TRUE))$p.value
  group <- factor(rep(c("first", "second"), c(length(x), length(y))))
  by_coin <- function(side) as.numeric(coin::pvalue(
    coin::wilcox_test(c(x, y) ~ group, distribution = "exact", alternative = side)))
  list(x = x, y = y, u = unname(wilcox.exact(x, y)$statistic),
       exact = tails(p("less"), p("greater")), coin = tails(by_coin("less"), by_coin("greater")),
       normal = list(two_sided = p("two.sided", FALSE), less = p("less", FALSE), greater = p("greater", FALSE)))
}
shift <- function(x, y = NULL, level = .95) {
  found <- wilcox.test(x, y, conf.int = TRUE, exact = TRUE, conf.level = level)
  list(x = x, y = y, conf_level = level, estimate = unname(found$estimate), p = found$p.value,
       interval = as.numeric(found$conf.int))
}
normal_x <- round(rnorm(11, .4), 3)
normal_y <- round(rnorm(8), 3)

# tables -----------------------------------------------------------------------------------------
# fisher.test stops its search for a limit at a step of 1e-4 of the ratio or its inverse, which is
# .7% of the upper limit for (3, 1), (1, 3); so the limits are found again here, to the end
fisher <- function(counts) {
  m <- matrix(counts, 2, byrow = TRUE)
  p <- function(side) fisher.test(m, alternative = side)$p.value
  support <- max(0, m[1, 1] - m[2, 2]):min(sum(m[1, ]), sum(m[, 1]))
  weights <- dhyper(support, sum(m[, 1]), sum(m[, 2]), sum(m[1, ]), log = TRUE)
  chances <- function(t) {
    d <- weights + support * t
    exp(d - max(d)) / sum(exp(d - max(d)))
  }
  root <- function(f) exp(uniroot(f, c(-30, 30), tol = 1e-14)$root)
  ends <- function(level) c(
    if (m[1, 1] == min(support)) 0 else
      root(function(t) sum(chances(t)[support >= m[1, 1]]) - (1 - level) / 2),
    if (m[1, 1] == max(support)) NA else
      root(function(t) sum(chances(t)[support <= m[1, 1]]) - (1 - level) / 2))
  list(table = m, p = p("two.sided"), less = p("less"), greater = p("greater"),
       odds_ratio = if (m[1, 1] == min(support)) 0 else root(function(t) sum(chances(t) * support) - m[1, 1]),
       interval = ends(.95), conf_90 = ends(.9), of_fisher_test = as.numeric(fisher.test(m)$conf.int))
}

# AUC with each unit a cluster: DeLong's variance -----------------------------------------------
delong <- function(positive, negative) {
  found <- suppressMessages(roc(cases = positive, controls = negative, direction = "<"))
  list(positive = positive, negative = negative, auc = as.numeric(auc(found)), variance = var(found))
}

# a share in clusters ----------------------------------------------------------------------------
star <- read.csv("../data/star_k10.csv", na.strings = c("", "NA"))
star <- star[!is.na(star$lunchk), ]
star$free <- as.numeric(star$lunchk == "free")
design <- svydesign(ids = ~schoolidk, weights = ~1, data = star)
share <- svyciprop(~free, design, method = "logit", level = .95)

# Firth ------------------------------------------------------------------------------------------
penalized <- function(beta, X, y) {
  eta <- drop(X %*% beta)
  p <- plogis(eta)
  root <- X * sqrt(p * plogis(-eta))
  sum(y * eta) - sum(ifelse(eta > 0, eta + log1p(exp(-eta)), log1p(exp(eta)))) +
    determinant(crossprod(root), logarithm = TRUE)$modulus / 2
}
best <- function(f, start) {
  found <- list(par = start)
  for (i in 1:6) found <- optim(found$par, f, method = "BFGS", control = list(fnscale = -1, reltol = 1e-15, maxit = 5000))
  found
}
profile_limits <- function(X, y, level = .95) {
  scale <- apply(abs(X), 2, max)
  Z <- sweep(X, 2, scale, "/")
  top <- best(function(b) penalized(b, Z, y), rep(0, ncol(Z)))
  fall <- qchisq(level, 1) / 2
  se <- sqrt(diag(solve(crossprod(Z * sqrt(plogis(drop(Z %*% top$par)) * plogis(-drop(Z %*% top$par)))))))
  sapply(seq_len(ncol(Z)), function(j) {
    at <- function(value) {
      place <- function(rest) append(rest, value, j - 1)
      best(function(rest) penalized(place(rest), Z, y), top$par[-j])$value - top$value
    }
    ends <- sapply(c(-1, 1), function(side) {
      far <- top$par[j] + side * 2 * se[j]
      while (at(far) + fall > 0) far <- far + side * 2 * se[j]
      uniroot(function(v) at(v) + fall, sort(c(top$par[j], far)), tol = 1e-10)$root
    })
    c(ends / scale[j], pchisq(-2 * at(0), 1, lower.tail = FALSE), top$value)
  })
}
firth <- function(y, columns) {
  X <- cbind(1, as.matrix(columns))
  fit <- glm(y ~ ., data = data.frame(y = y, columns), family = binomial, method = "brglmFit",
             type = "AS_mean", control = list(epsilon = 1e-12, maxit = 500))
  limits <- suppressWarnings(profile_limits(X, y))
  list(y = y, columns = as.list(columns), estimate = unname(coef(fit)),
       std_error = unname(sqrt(diag(vcov(fit)))), low = limits[1, ], high = limits[2, ], p = limits[3, ],
       log_likelihood = limits[4, 1])
}
# 79 women with cancer of the endometrium: neovascularization, pulsatility index, endometrium
# height, high grade; by E. Asseryanis, published with Heinze and Schemper (2002), as brglm2 has them
endometrial <- data.frame(
  NV = c(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 1, 0),
  PI = c(13, 16, 8, 34, 20, 5, 17, 10, 26, 17, 8, 7, 20, 10, 18, 16, 18, 8, 29, 12, 20, 38, 22, 7, 25,
    15, 7, 28, 11, 19, 10, 10, 18, 14, 21, 11, 17, 25, 16, 19, 15, 33, 24, 48, 12, 19, 2, 22, 40,
    5, 0, 21, 15, 29, 15, 12, 3, 20, 23, 12, 22, 42, 15, 13, 14, 19, 12, 13, 10, 12, 49, 6, 5, 17,
    11, 21, 5, 19, 33),
  EH = c(1.64, 2.26, 3.14, 2.68, 1.28, 2.31, 1.8, 1.68, 1.56, 2.31, 2.01, 1.89, 3.15, 1.23, 1.27, 1.76,
    2, 2.64, 0.88, 1.27, 1.37, 0.97, 1.14, 0.88, 0.91, 0.58, 0.97, 1.5, 1.33, 2.37, 1.82, 3.13,
    1.31, 1.92, 1.64, 2.01, 1.88, 1.93, 2.11, 1.29, 1.72, 0.75, 1.92, 1.84, 1.11, 1.61, 1.18,
    1.44, 1.18, 0.93, 1.17, 1.19, 1.06, 2.02, 2.29, 2.33, 2.9, 1.7, 1.41, 2.25, 1.54, 1.97, 1.75,
    2.16, 2.57, 1.37, 3.61, 2.04, 2.17, 1.69, 0.27, 1.84, 1.3, 0.96, 1.01, 0.98, 0.35, 1.02, 0.85),
  HG = c(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1))
lalonde <- read.csv("../data/lalonde.csv")[seq(1, 614, 6), ]

result <- list(
  about = list(R = paste(R.version$major, R.version$minor, sep = "."),
               packages = as.list(sapply(c("coin", "exactRankTests", "pROC", "survey", "brglm2", "jsonlite"),
                                 function(p) as.character(packageVersion(p))))),
  pairs = list(of_pairs(smooth, TRUE), of_pairs(longer, FALSE), of_pairs(likert, FALSE)),
  # Kendall's own distribution is exact in R below 50 pairs
  kendall_exact = list(x = longer$x, y = longer$y, p = tailed(longer, "kendall", TRUE)),
  signed_rank = list(signed(sleep_2 - sleep_1), signed(c(2, -1, 3, 0, 1, 4, -2, 2, 1)), signed(normal_x),
                     signed(c(1, 1, -1, 2, 2, 2, -1, 3, 1, 1, 2, -2, 0, 0, 1))),
  rank_sum = list(rank_sum(sleep_2, sleep_1), rank_sum(c(1, 2, 2, 3, 5), c(2, 3, 3, 4, 4, 5, 5)),
                  rank_sum(normal_x, normal_y), rank_sum(c(5, 5, 4), c(1, 2, 3, 3, 4, 5, 1, 2))),
  shift = list(shift(normal_x), shift(normal_x, level = .9), shift(normal_x, normal_y),
               shift(normal_y, normal_x, .8)),
  kruskal = lapply(list(list(c(1, 3, 5, 3), c(2, 6, 7, 7), c(8, 9, 5, 9)), list(normal_x, normal_y)),
                   function(g) list(groups = g, h = unname(kruskal.test(g)$statistic), p = kruskal.test(g)$p.value)),
  fisher = lapply(list(c(3, 1, 1, 3), c(2, 10, 8, 3), c(0, 6, 5, 9), c(30, 12, 21, 40), c(1, 9, 11, 3)), fisher),
  auc = list(delong(normal_x, normal_y), delong(c(3, 4, 5, 5, 2), c(1, 3, 2, 2, 4, 1))),
  share = list(n = nrow(star), clusters = length(unique(star$schoolidk)), estimate = as.numeric(share),
               std_error = as.numeric(SE(svymean(~free, design))), interval = as.numeric(confint(share))),
  firth = list(endometrial = firth(endometrial$HG, endometrial[c("NV", "PI", "EH")]),
               separated = firth(c(0, 0, 0, 0, 1, 1, 1), data.frame(x = c(1, 2, 2, 3, 5, 6, 8))),
               lalonde = firth(lalonde$treat, data.frame(age = lalonde$age, educ = lalonde$educ,
                                                         earned = lalonde$re74 / 1000, married = lalonde$married)))
)
write_json(result, "association.json", digits = NA, auto_unbox = TRUE, pretty = TRUE)
